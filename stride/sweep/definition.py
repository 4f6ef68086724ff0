"""The definition of a sweep, sweep.json: what is swept, by whom points are chosen, what is best."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from stride import __version__
from stride.config.differences import same
from stride.errors import ConfigError, NewerFormatError, RunNotFoundError, StoredFileError
from stride.files import encode_json, read_content, write_exclusive
from stride.json_text import decode_json
from stride.store.record import utc_now
from stride.sweep.folder import SweepFolder
from stride.sweep.space import Dimension, grid_size, is_grid

FORMAT = 1

Direction = Literal["min", "max"]
Option = int | float | bool | str | None


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """All of sweep.json.

    Attributes:
        id: of the sweep for ever; each trial's run.json names it.
        settings: dotted keys that every trial has, with their values.
        metric: that decides: a column of metrics.csv at the run's best epoch; or `last.`, `min.`,
            `max.`, `test.` and a name.
        trials: how many there are to be.
        resource: what a pruner counts to, in epochs; None where it cannot be said.
        by_step: whether values are reported by optimiser step, as they come within epochs too.
        typed: the command that began it, for people.
    """

    format: int = FORMAT
    id: str
    name: str
    created: str
    stride: str
    settings: dict[str, Any]
    space: dict[str, Dimension]
    sampler: str
    sampler_options: dict[str, Option] = {}
    pruner: str = "none"
    pruner_options: dict[str, Option] = {}
    metric: str
    direction: Direction
    trials: int
    seed: int = 0
    resource: int | None = None
    by_step: bool = False
    typed: tuple[str, ...] = ()

    @property
    def column(self) -> str:
        """The metric without `last.` and the like."""
        return self.metric.partition(".")[2] or self.metric


def new_definition(**values: Any) -> Definition:
    """The definition of a sweep that is begun now, with an id of its own."""
    return Definition(id=os.urandom(16).hex(), created=utc_now(), stride=__version__, **values)


def read_definition(folder: SweepFolder) -> Definition:
    """Read sweep.json.

    Raises:
        RunNotFoundError: there is no such sweep.
        StoredFileError: torn, not JSON, or of a wrong type.
        NewerFormatError: written by a newer stride.
    """
    path = folder.definition_path
    try:
        tree = decode_json(read_content(path), path)
    except FileNotFoundError as error:
        raise RunNotFoundError(f"there is no {folder.address}") from error
    number = tree.get("format") if isinstance(tree, dict) else None
    if isinstance(number, int) and number > FORMAT:
        raise NewerFormatError(f"{path} was written by a newer stride; update stride to read it")
    try:
        return msgspec.convert(tree, Definition)
    except msgspec.ValidationError as error:
        raise StoredFileError(f"{path} is not the definition of a sweep: {error}") from error


def write_definition(folder: SweepFolder, definition: Definition) -> bool:
    """Write sweep.json where there is none; whether that was done.

    Raises:
        StorageError: the disk refused.
    """
    return write_exclusive(folder.definition_path, encode_json(msgspec.to_builtins(definition)))


def check_same(folder: SweepFolder, known: Definition, asked: Definition) -> None:
    """Whether a command means the sweep that is there. More trials may be asked of it.

    Raises:
        ConfigError: it means another, and must give it a name of its own.
    """
    for what, before, after in _differences(known, asked):
        if before is None:
            how = f"without {what} {after}"
        else:
            how = f"with {what} {before}, " + ("not without" if after is None else f"not {after}")
        raise ConfigError(
            f"{folder.address} is there already {how}: give another --name, or leave the settings"
            " out and it goes on as it is"
        )


def _differences(known: Definition, asked: Definition) -> list[tuple[str, str | None, str | None]]:
    """What differs, before and after; None where the key is not given."""
    found: list[tuple[str, str | None, str | None]] = []
    for key in dict.fromkeys((*known.space, *asked.space, *known.settings, *asked.settings)):
        before, after = _plain(known, key), _plain(asked, key)
        if not same(before, after):
            found.append((f"{key} =", _told(known, key), _told(asked, key)))
    if list(known.space) != list(asked.space) and not found:
        found.append(("the order of keys", ", ".join(known.space), ", ".join(asked.space)))
    for name in ("sampler", "sampler_options", "pruner", "pruner_options", "metric", "direction"):
        before, after = getattr(known, name), getattr(asked, name)
        if before != after:
            found.append((name.replace("_", " "), _text(before), _text(after)))
    if known.seed != asked.seed:
        found.append(("--seed", str(known.seed), str(asked.seed)))
    return found


def _plain(definition: Definition, key: str) -> Any:
    """What a key is, for comparison; a swept key by its dimension."""
    if key in definition.space:
        return {"swept": msgspec.to_builtins(definition.space[key])}
    return {"value": definition.settings[key]} if key in definition.settings else None


def _told(definition: Definition, key: str) -> str | None:
    if key in definition.space:
        return str(definition.space[key])
    return _text(definition.settings[key]) if key in definition.settings else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def check_trials(space: Mapping[str, Dimension], sampler: str, trials: int | None) -> int:
    """How many trials there are to be: all points of a grid, or as many as were asked for.

    Raises:
        ConfigError: a sampler never ends by itself, or a grid has no values to try.
    """
    if sampler != "grid":
        if trials is None:
            raise ConfigError(f"say how many trials the sampler {sampler} is to make: --trials N")
        return trials
    if not is_grid(space):
        key = next(key for key, each in space.items() if str(each) and not is_grid({key: each}))
        raise ConfigError(
            f"a grid needs values, and {key} is {space[key]}: write how many, as in"
            f" {key}=log:1e-4:1e-1:4, or choose another --sampler"
        )
    size = grid_size(space)
    return size if trials is None else min(size, trials)
