"""Drawing the point of a trial; what a killed worker has drawn of it already stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stride.sweep.definition import Definition
from stride.sweep.quiet import quietly
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
    from optuna.trial import BaseTrial, FrozenTrial, Trial


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


def point_of(trial: FrozenTrial, space: Space) -> Point:
    """The point of a trial as far as it was drawn; of one that waits, what it will get."""
    known = trial.params or trial.system_attrs.get("fixed_params", {})
    return {
        key: value_of(dimension, known[key]) for key, dimension in space.items() if key in known
    }


def first_points(definition: Definition, count: int) -> list[Point]:
    """The points of the first trials, as far as no result has a say in them; nothing is made."""
    import optuna

    study = optuna.create_study(
        direction="maximize" if definition.direction == "max" else "minimize",
        pruner=optuna.pruners.NopPruner(),
    )
    with quietly():
        return [
            draw(begin_trial(study, definition, number, number), definition.space)
            for number in range(min(count, definition.trials))
        ]


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
