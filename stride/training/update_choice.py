"""The choice of an update: the way that suits the parts of a training."""

from __future__ import annotations

from collections.abc import Mapping

from stride.training.balancing.balancing import StepParts
from stride.training.parts import Parts
from stride.training.update import Update, choose_update
from stride.training.updater import Updater


def update_of(parts: Parts, updaters: Mapping[str, Updater], count: int) -> Update:
    """The update of a training.

    Args:
        count: micro-batches that a window is cut into.
    """
    if parts.balancing is not None:
        (updater,) = updaters.values()
        return parts.balancing.update(
            StepParts(parts.task, parts.model, updater, parts.precision, count, parts.closure)
        )
    return choose_update(
        parts.task,
        parts.model,
        updaters,
        parts.precision,
        parts=count,
        closure=parts.closure,
    )
