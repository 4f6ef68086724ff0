"""Drawing the point of a trial; what a killed worker has drawn of it already stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stride.sweep.definition import Definition
from stride.sweep.samplers import build_sampler
from stride.sweep.space import (
    Choice,
    Dimension,
    Point,
    Real,
    Scalar,
    Space,
    grid_point,
    label,
    value_of,
)

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import BaseTrial, Trial


def begin_trial(study: Study, definition: Definition, number: int, place: int | None) -> Trial:
    """Make the next trial, without its values; or have the first of those that wait.

    Args:
        number: that it gets if it is made.
        place: of its point in the grid; None where some trials wait.
    """
    if definition.sampler == "grid" and place is not None:
        study.enqueue_trial(labelled(grid_point(definition.space, place)))
    study.sampler = build_sampler(definition, number)
    return study.ask()


def draw(trial: BaseTrial, space: Space) -> Point:
    """The point of a trial, as JSON values; what was drawn for it before is not drawn again."""
    return {
        key: value_of(dimension, _suggest(trial, key, dimension))
        for key, dimension in space.items()
    }


def draw_of(params: dict[str, Any], space: Space) -> dict[str, Any]:
    """The point that Optuna's parameters stand for, as far as they are there."""
    return {
        key: value_of(dimension, params[key]) for key, dimension in space.items() if key in params
    }


def labelled(point: Point) -> dict[str, Scalar]:
    """A point as Optuna keeps it."""
    return {key: label(value) for key, value in point.items()}


def _suggest(trial: BaseTrial, key: str, dimension: Dimension) -> Any:
    if isinstance(dimension, Choice):
        return trial.suggest_categorical(key, [label(value) for value in dimension.values])
    if isinstance(dimension, Real):
        return trial.suggest_float(key, dimension.low, dimension.high, log=dimension.log)
    return trial.suggest_int(
        key, dimension.low, dimension.high, step=dimension.step, log=dimension.log
    )
