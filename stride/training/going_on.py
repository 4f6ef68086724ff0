"""Going on: what is looked at, and said, where a training begins from an earlier one."""

from __future__ import annotations

import torch

from stride.errors import ConfigError
from stride.store.record import CodeRecord
from stride.training.beginning import Beginning
from stride.training.data import Data
from stride.training.device import describe_device
from stride.training.parts import Parts
from stride.training.restored import Restored, check_fits
from stride.training.unchanged import check_same_data, sample_counts, what_changed


def compare(
    beginning: Beginning, data: Data, code: tuple[CodeRecord, ...], device: torch.device
) -> tuple[str, ...]:
    """For a run that goes on: what is not as it was, in words.

    Raises:
        DataError: the data is other data.
    """
    run = beginning.run
    if beginning.relation != "resumed" or run is None:
        return ()
    record = run.read_record()
    check_same_data(
        run,
        record,
        fingerprints=data.fingerprints,
        facts={**data.facts, **sample_counts(data.batches)},
        settings=beginning.settings,
    )
    return tuple(what_changed(record, code, describe_device(device)))


def check_continues(beginning: Beginning, parts: Parts, restored: Restored | None) -> None:
    """A new run that goes on from another must have something to do, and the same model.

    Raises:
        ConfigError: it is no longer than that was, or its weights are others.
    """
    if restored is None or beginning.run is None:
        return
    check_fits(beginning.run, restored, parts)
    done, planned = restored.found.manifest.position.step, parts.planned_steps
    if planned is not None and done >= planned:
        raise ConfigError(
            f"{beginning.run.address} has done {done} steps, and the training would have {planned}:"
            " there is nothing left to do; set a greater fit_kwargs.max_epochs or"
            " fit_kwargs.max_steps"
        )


def place(restored: Restored, parts: Parts) -> str:
    """Where it goes on; in the middle of an epoch, also how the data does."""
    name, position = restored.found.path.name, restored.found.manifest.position
    if not position.consumed or position.consumed == len(parts.train):
        return name
    where = f"in epoch {position.epoch} after batch {position.consumed}"
    return f"{name}, {where}; the data goes on {parts.train.resuming}"
