"""Loading a run: config, model and verified weights, from its own files; no data is read."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from stride.config.schema import Config
from stride.config.stored import load_stored
from stride.errors import RunStateError, StoredFileError
from stride.store.names import is_file_name
from stride.store.record import RunRecord
from stride.store.run import Run
from stride.store.weights_digests import recorded_digests
from stride.training.build import build_model_and_task
from stride.training.catalog import BuiltinCatalog
from stride.training.device import choose_device
from stride.training.given import Given
from stride.training.resuming import settings_in_force
from stride.training.seeding import own_randomness
from stride.training.task import Task, modules_of
from stride.training.weights import decode_weights, put_weights, read_weights

_logger = logging.getLogger(__name__)

_NEEDED = ("task", "model", "loss")
"""The kinds of things that are built again; no code of a data set or an optimiser is imported."""


@dataclass(frozen=True)
class Loaded:
    """A run with its model in hand.

    Attributes:
        weights: the name of the file that the model carries.
        model: in evaluation mode, on the device.
    """

    run: Run
    record: RunRecord
    config: Config
    model: nn.Module
    task: Task
    device: torch.device
    weights: str


def load_run(
    run: Run,
    *,
    device: str = "auto",
    given: Given | None = None,
    weights: str | None = None,
    code: Path | None = None,
) -> Loaded:
    """Build the model and task of a run again, and put the weights in after their digest was
    verified.

    Args:
        device: that of this machine, whatever the run was trained on.
        given: objects in place of those that were handed over when it was trained.
        weights: `best`, `last`, `best-<metric>`; the best unless told otherwise, the last where
            there is no best.
        code: a folder to take the user's own code from, instead of where it was.

    Raises:
        RunStateError: it has no such weights.
        VerificationError, StoredFileError: a file is not what was written, or does not fit the
            model.
        ConfigError, CodeReferenceError: the model cannot be built any more.
        DeviceError: the device is not on this machine.
    """
    record = run.read_record()
    name = choose_weights(run, record, weights)
    path = run.weights_file(name)
    content = read_weights(path, recorded_digests(record.digests, name))
    tensors = decode_weights(content, path)
    tree, chosen = settings_in_force(run, record)
    config, warnings = load_stored(
        tree,
        chosen,
        BuiltinCatalog(code),
        kinds=_NEEDED,
        where=str(run.config_path),
    )
    for warning in warnings:
        _logger.warning("%s: %s", run.address, warning)
    place = choose_device(device)
    with own_randomness(config.seed):
        model, task, _ = build_model_and_task(
            config, facts_of(record), given or Given(), place, code=code
        )
    put_weights(tensors, model, task, path)
    for module in modules_of(model, task):
        module.eval()
    return Loaded(run, record, config, model, task, place, name)


def facts_of(record: RunRecord) -> dict[str, Any]:
    """What data and machine decided, without any name of code: only the config may name that."""
    return {
        key: value
        for key, value in record.resolved.items()
        if not (key.endswith("_name") and ":" in str(value))
    }


def choose_weights(run: Run, record: RunRecord, wanted: str | None = None) -> str:
    """The name of the weights file to use: the one wanted, else the best, else the last.

    Raises:
        StoredFileError: the record names a file elsewhere.
        RunStateError: there is none; the sentence says what there is.
    """
    there = [path.name for path in sorted(run.weights_path.glob("*.safetensors"))]
    if wanted is not None:
        name = f"{wanted.removesuffix('.safetensors')}.safetensors"
        if is_file_name(name) and (name in there or name in record.digests):
            return name
        raise RunStateError(
            f"{run.address} has no weights {name} (it has {', '.join(there) or 'none'})"
        )
    of_best = [best.weights for best in record.best[:1] if best.weights is not None]
    if not all(map(is_file_name, of_best)):
        raise StoredFileError(f"{run.record_path} names weights that are no file of the run")
    for name in (*of_best, "best.safetensors", "last.safetensors"):
        if name in record.digests or name in there:
            return name
    raise RunStateError(f"{run.address} has no weights: its status is {record.status}")
