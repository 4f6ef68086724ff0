"""Resuming: the config with which a run goes on, and what may be changed in it and what may not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any, Final

from stride.config.differences import ABSENT, same
from stride.config.dotted import join_key, pick
from stride.config.effective import effective_config
from stride.config.keys import every_key
from stride.config.outline import OBJECT
from stride.config.resolution import Layer, resolve
from stride.config.schema import Config
from stride.config.stored import load_stored, read_stored_config
from stride.errors import ConfigError, RunStateError
from stride.store.record import Parent, RunRecord, Status
from stride.store.run import Run
from stride.store.start import check_startable
from stride.training.beginning import Beginning
from stride.training.catalog import BuiltinCatalog

LENGTH: Final = ("fit_kwargs.max_epochs", "fit_kwargs.max_steps")
"""How long a training is: it may become longer or shorter, unless a schedule was made for it."""

FREE: Final = (
    "fit_kwargs.early_stopping.",
    "fit_kwargs.accumulate",
    "fit_kwargs.on_nonfinite",
    "fit_kwargs.on_out_of_memory",
)
"""Keys, or beginnings of keys, that can change the result and may change all the same: they end a
training, or say what to do where it would otherwise end. The record of the attempt tells."""

DATA: Final = "dataset_kwargs."
"""Paths in here may change where data was moved; its fingerprint says that it is the same."""

SAME_CONFIG: Final = "same config"
CHANGED_CONFIG: Final = "changed config"
"""How a run is related to one that its config was taken from."""

Changes = dict[str, tuple[Any, Any]]
"""Dotted keys with the value before and after."""


@dataclass(frozen=True)
class Resumption:
    """A run that goes on.

    Attributes:
        config: that holds from now on.
        beginning: of the attempt, for `fit_run`.
    """

    run: Run
    config: Config
    beginning: Beginning


def plan_resumption(
    run: Run, layers: Sequence[Layer], overrides: Sequence[str] = (), *, takeover: bool = False
) -> Resumption:
    """How a run goes on: its own config, what earlier attempts changed, then these layers.

    The number of threads is that of the first attempt, unless it was chosen: the last bits of sums
    depend on it. Nothing is written.

    Args:
        layers: of settings; what they give and the run has already is no change.
        overrides: the same as it was typed.
        takeover: a process of which nothing is known counts as gone.

    Raises:
        RunBusyError: it is being trained.
        RunStateError: it is completed.
        ConfigError: a change that would make another experiment of it; the sentence names what
            serves instead.
        CodeReferenceError, StoredFileError: its config cannot be read, or what it names found.
    """
    record = check_startable(run, takeover=takeover)
    config, changes = resumed_config(run, record, layers)
    refuse_changes(run, record, config, changes)
    settings = {key: after for key, (_, after) in changes.items()}
    if config.fit_kwargs.threads is None:
        fit_kwargs = config.fit_kwargs.model_copy(update={"threads": first_threads(record)})
        config = config.model_copy(update={"fit_kwargs": fit_kwargs})
    typed = tuple(overrides) if settings else ()
    beginning = Beginning("resumed", run=run, settings=settings, overrides=typed)
    return Resumption(run, config, beginning)


def resumed_config(run: Run, record: RunRecord, layers: Sequence[Layer]) -> tuple[Config, Changes]:
    """The config of a run under more layers, and the keys that these change.

    Raises:
        ConfigError, CodeReferenceError, StoredFileError: as `plan_resumption`.
    """
    catalog = BuiltinCatalog()
    tree, chosen = settings_in_force(run, record)
    before, _ = load_stored(tree, chosen, catalog, where=str(run.config_path))
    if not any(layer.steps() or layer.removals for layer in layers):
        return before, {}
    after = resolve([Layer(str(run.config_path), before.to_json()), *layers], catalog).config
    return after, _changes(before.to_json(), after.to_json())


def refuse_changes(run: Run, record: RunRecord, config: Config, changes: Changes) -> None:
    """Refuse what would silently make another experiment of the run.

    Raises:
        ConfigError: the sentence names `--continue`, which makes a new run.
    """
    if not changes:
        return
    unchanging = {key.path for key in every_key(config, BuiltinCatalog()) if not key.changes_result}
    refused: list[str] = []
    for key, (before, after) in changes.items():
        if key in unchanging or key.startswith(FREE) or _is_moved(key, before, after):
            continue
        _refuse_too_short(run, record, key, after)
        horizon = _horizon(record) if key in LENGTH else None
        if (key not in LENGTH or horizon) and not _follows(key, before, after, changes):
            made = f"; {horizon} was made for it" if horizon else ""
            refused.append(f"{_typed(key, after)} (it has {_text(before)}{made})")
    if refused:
        raise ConfigError(
            f"{run.address} cannot go on with {', '.join(refused)}: that would be another"
            f" experiment; {_instead(run, changes)}"
        )


def check_done(run: Run, record: RunRecord, layers: Sequence[Layer]) -> None:
    """Look whether a completed run is what these layers ask for.

    Raises:
        RunStateError: it was trained with other settings; the sentence names `--continue`.
    """
    _, changes = resumed_config(run, record, layers)
    if changes:
        key, (before, after) = next(iter(changes.items()))
        raise RunStateError(
            f"{run.address} is completed with {_typed(key, before)}, and not {_text(after)}:"
            f" {_instead(run, changes)}"
        )


def check_continuable(run: Run) -> RunRecord:
    """Look whether a new run can go on from the last checkpoint of this one; gives its record.

    Raises:
        RunBusyError: it is being trained.
        RunStateError: it has no checkpoint.
    """
    record = run.read_record()
    if record.status is Status.RUNNING:
        check_startable(run, takeover=True)
    if not run.checkpoint_paths.committed():
        raise RunStateError(
            f"{run.address} has no checkpoint to go on from; stride fit --init-from {run.address}"
            " begins with its weights"
        )
    return record


def settings_in_force(run: Run, record: RunRecord) -> tuple[dict[str, Any], frozenset[str]]:
    """The config of a run with what its attempts changed, and the dotted keys that people chose.

    Raises:
        StoredFileError: its config.json cannot be read.
    """
    stored = read_stored_config(run.read_config(), str(run.config_path))
    found = effective_config(stored, ((each.number, each.changes) for each in record.attempts))
    given = (key for attempt in record.attempts for key in attempt.settings)
    return found.config, frozenset((*record.chosen, *found.changed, *given))


def _refuse_too_short(run: Run, record: RunRecord, key: str, value: Any) -> None:
    """Refuse a training that would end before where it is.

    Raises:
        ConfigError: with how far it is.
    """
    progress = record.progress
    if progress is None or value is None or value is ABSENT:
        return
    step, epoch = progress.step or 0, progress.epoch or 0
    if (key == "fit_kwargs.max_epochs" and value < epoch) or (
        key == "fit_kwargs.max_steps" and value < step
    ):
        raise ConfigError(
            f"{run.address} has come to step {step} in epoch {epoch}: {_typed(key, value)} would"
            " end it before"
        )


def chosen_settings(run: Run, record: RunRecord) -> dict[str, Any]:
    """What people chose for a run, for its attempts too, as a tree: the config that a new run made
    from this one starts with.

    Raises:
        StoredFileError: its config.json cannot be read.
    """
    tree, chosen = settings_in_force(run, record)
    return pick(tree, sorted(chosen))


def parent_of(run: Run, record: RunRecord, relation: str) -> Parent:
    """The run as the parent of one that is made from it."""
    return Parent(relation=relation, work_dir=str(run.work_dir), run=run.name, id=record.id)


def config_parent(run: Run, record: RunRecord, *, is_same: bool) -> Parent:
    """The run as the parent of one that has its config, as it is or with changed keys."""
    return parent_of(run, record, SAME_CONFIG if is_same else CHANGED_CONFIG)


def first_threads(record: RunRecord) -> int | None:
    """The number of threads that the first attempt computed with; None before there was one."""
    return next((each.threads for each in record.attempts if each.threads is not None), None)


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """The keys whose values differ, each list whole."""
    old, new = _leaves(before), _leaves(after)
    values = {key: (old.get(key, ABSENT), new.get(key, ABSENT)) for key in old | new}
    return {
        key: (before, after)
        for key, (before, after) in values.items()
        if before is ABSENT or after is ABSENT or not same(before, after)
    }


def _leaves(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> dict[str, Any]:
    leaves: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping) and value:
            leaves |= _leaves(value, (*path, name))
        else:
            leaves[join_key((*path, name))] = value
    return leaves


def _is_moved(key: str, before: Any, after: Any) -> bool:
    """Whether the change is that of a path of data, which the fingerprint will judge."""
    paths = [isinstance(value, str) and value.startswith("/") for value in (before, after)]
    return key.startswith(DATA) and all(paths)


def _horizon(record: RunRecord) -> str | None:
    """What was derived from the length of the training, as `scheduler_kwargs.T_max (100)`."""
    derived = [key for key in record.resolved if key.startswith("scheduler_kwargs.")]
    return f"{derived[0]} ({_text(record.resolved[derived[0]])})" if derived else None


def _follows(key: str, before: Any, after: Any, changes: Changes) -> bool:
    """Whether a key came or went with a thing that another name picks: it is no choice itself."""
    group = key.partition(".")[0]
    named = any(each.startswith(f"{group}.") and each.endswith("_name") for each in changes)
    return named and (after is ABSENT or (before is ABSENT and after is None))


def _instead(run: Run, changes: Changes) -> str:
    """What serves instead of going on with these changes."""
    if not run.checkpoint_paths.committed():
        return "it has no checkpoint that a new run could go on from: make another run"
    return f"make a new run that goes on from its last checkpoint with {_continuing(run, changes)}"


def _continuing(run: Run, changes: Changes) -> str:
    """How a new run with these changes is made: a line to type, where one can be typed."""
    values = [
        quote(_typed(key, after))
        for key, (before, after) in changes.items()
        if not _follows(key, before, after, changes)
    ]
    if any(f"={OBJECT}" in value for value in values):
        return f"Trainer.fit(continue_from={run.name!r})"
    return " ".join([f"stride fit --continue {run.address}", *(f"--config {v}" for v in values)])


def _typed(key: str, value: Any) -> str:
    return f"{key}={_text(value)}"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "nothing" if value is ABSENT else json.dumps(value)
