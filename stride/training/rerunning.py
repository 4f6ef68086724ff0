"""Training a run again: the same config, threads and beginning, in a new run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stride.config.differences import flatten
from stride.config.identity import is_unchanging
from stride.config.outline import OBJECT
from stride.config.resolution import Layer
from stride.config.schema import Config
from stride.errors import ConfigError, RunStateError
from stride.store.parents import RunFinder, Whereabouts
from stride.store.record import Parent, RunRecord
from stride.store.run import Run
from stride.store.same_config import BORROWED
from stride.store.work_dir import WorkDir
from stride.training.beginning import NEW, Beginning
from stride.training.resuming import (
    DATA,
    first_threads,
    parent_of,
    resumed_config,
    settings_in_force,
)

RERUN: Final = "rerun"
"""How a run is related to one that it trains again."""


@dataclass(frozen=True)
class Rerun:
    """What is trained again.

    Attributes:
        config: that the training computes with: with the threads of the original.
        stored: the config that is kept, as the original's was in force at its end.
        chosen: the keys of it that people chose.
        parents: the original, and runs that it began with.
        threads: that the original computed with; None where that is not known.
    """

    original: Run
    config: Config
    stored: dict[str, Any]
    chosen: tuple[str, ...]
    parents: tuple[Parent, ...]
    beginning: Beginning
    threads: int | None


def plan_rerun(original: Run, layers: Sequence[Layer] = ()) -> Rerun:
    """Plan to train a run again.

    Args:
        layers: settings that cannot change the result, or where data is now.

    Raises:
        ConfigError: a setting that can change the result; or a thing that was handed over.
        RunStateError: what it began with is not there any more.
        CodeReferenceError, StoredFileError: its config cannot be read, or what it names found.
    """
    record = original.read_record()
    tree, chosen = settings_in_force(original, record)
    _refuse_objects(original, tree)
    config, changes = resumed_config(original, record, layers)
    changing = [key for key in changes if not is_unchanging(key) and not key.startswith(DATA)]
    if changing:
        raise ConfigError(
            f"a rerun changes nothing, and {changing[0]} can change the result: make another run"
            f" with stride fit --parent {original.address} --config {changing[0]}=..."
        )
    stored, threads = config.to_json(), first_threads(record)
    if config.fit_kwargs.threads is None:
        fit_kwargs = config.fit_kwargs.model_copy(update={"threads": threads})
        config = config.model_copy(update={"fit_kwargs": fit_kwargs})
    beginning, others = _beginning(original, record)
    return Rerun(
        original=original,
        config=config,
        stored=stored,
        chosen=tuple(sorted({*chosen, *changes})),
        parents=(parent_of(original, record, RERUN), *others),
        beginning=beginning,
        threads=threads,
    )


def _refuse_objects(run: Run, tree: dict[str, Any]) -> None:
    for key, value in flatten(tree).items():
        if isinstance(value, str) and value.startswith(OBJECT):
            raise ConfigError(
                f"{run.address} was trained with a {key.rpartition('.')[2].removesuffix('_name')}"
                f" that was handed over in Python ({key}): train it again from there"
            )


def _beginning(run: Run, record: RunRecord) -> tuple[Beginning, tuple[Parent, ...]]:
    """What a run began with, and the parents that this is of.

    Raises:
        RunStateError: it is gone, or is not what it was.
    """
    for parent in record.parents:
        if parent.relation not in ("weights", "continued"):
            continue
        found = RunFinder(WorkDir(Path(run.address).parent)).find(parent)
        if found.run is None or found.whereabouts is Whereabouts.TRASHED:
            raise RunStateError(
                f"{run.address} began with what {found.address} had learned, which is"
                f" {found.whereabouts}: it cannot be trained again without"
            )
        kept = (parent_of(found.run, found.run.read_record(), parent.relation),)
        if parent.relation == "weights":
            return Beginning("weights", run=found.run), kept
        _check_newest(run, record, found.run)
        return Beginning("continued", run=found.run), kept
    file = record.resolved.get(BORROWED)
    if file is None:
        return NEW, ()
    if not Path(str(file)).is_file():
        raise RunStateError(
            f"{run.address} began with the weights of {file}, which is not there any more"
        )
    return Beginning("weights", weights=str(file)), ()


def _check_newest(run: Run, record: RunRecord, source: Run) -> None:
    """Look whether the checkpoint that a run went on from is still the newest of the other run.

    Raises:
        RunStateError: it is not.
    """
    began = record.attempts[0].checkpoint if record.attempts else None
    newest = next((folder.name for folder in source.checkpoint_paths.committed()), None)
    if newest is None or began not in (None, newest):
        raise RunStateError(
            f"{run.address} went on from {began or 'a checkpoint'} of {source.address}, whose"
            f" newest checkpoint is {newest or 'gone'}: it cannot be trained again from there"
        )
