"""`stride keys`: every config key, with type, default and a line of help."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from stride.cli import answer
from stride.cli.completion import complete_key, complete_removal
from stride.cli.known_keys import known_keys
from stride.cli.options import Json
from stride.cli.page import wrapped
from stride.cli.settings import read_settings
from stride.cli.table import GAP, Cell, Column, draw_table, widths_of
from stride.cli.terminal import Terminal, standard_output
from stride.cli.text import harmless
from stride.cli.value import NOTHING, value_text
from stride.config.differences import flatten
from stride.config.keys import Key
from stride.config.overrides import Override
from stride.config.signature import Absence
from stride.errors import ConfigError, UsageError
from stride.store.work_dir import WorkDir

_NARROWEST_HELP = 36
"""Columns of the screen that the help needs to be read in a column of its own."""

EXAMPLES = (
    "stride keys",
    "stride keys optimizer_kwargs",
    "stride keys model_kwargs --config model_kwargs.model_name=ResNet",
    "stride keys --config work_dir=exp  # with the things that the experiment names",
)
FIELDS = {
    "[]": "an array, one key a line, in the order of the config",
    "key": "dotted, as --config takes it",
    "type": "in words",
    "default": "as JSON; null also where `required` is true, or only the thing itself knows it",
    "required": "whether it must be given",
    "help": "one line",
    "changes_result": "whether it can change what a training gives",
    "choices": "what it may be, where that is a list of names",
}


def keys(
    prefix: Annotated[
        str | None,
        typer.Argument(
            metavar="PREFIX",
            autocompletion=complete_removal,
            help="Only keys that begin so.",
        ),
    ] = None,
    config: Annotated[
        list[str] | None,
        typer.Option(
            "--config",
            "-c",
            metavar="KEY=NAME",
            autocompletion=complete_key,
            help="Name a thing, as model_kwargs.model_name=ResNet; or work_dir=EXP. Repeatable.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List config keys with type, default and help.

    The keys of model, data set, task, optimiser and scheduler depend on which are named: name
    others with --config, or an experiment with --config work_dir=EXP.
    """
    settings = read_settings(config, None, None)
    names = [*_names_of_experiment(settings.work_dir), *_names(settings.layers[-1].overrides)]
    found = [key for key in known_keys(names) if key.path.startswith(prefix or "")]
    if not found:
        raise UsageError(f"no config key begins with {prefix!r}; stride keys lists all")
    if json:
        answer.write_json_array(_fields(key) for key in found)
        return
    for line in draw_keys(found, standard_output()):
        answer.write(line)


def _names(overrides: Sequence[Override]) -> Iterator[tuple[str, str | None]]:
    for override in overrides:
        if not override.key.endswith("_name"):
            raise ConfigError(
                f"stride keys takes keys that name a thing, as model_kwargs.model_name=ResNet, not "
                f"{override.key}"
            )
        yield override.key, None if override.text == "null" else override.text


def _names_of_experiment(work_dir: str | None) -> Iterator[tuple[str, str | None]]:
    if work_dir is None:
        return
    experiment = WorkDir(work_dir)
    experiment.check()
    for key, value in flatten(experiment.read_config()).items():
        if key.endswith("_name"):
            yield key, value


def _fields(key: Key) -> dict[str, Any]:
    known = not isinstance(key.default, Absence)
    return {
        "key": key.path,
        "type": key.type_text,
        "default": key.default if known else None,
        "required": key.default is Absence.MISSING,
        "help": key.help,
        "changes_result": key.changes_result,
        "choices": key.choices,
    }


def draw_keys(found: Sequence[Key], terminal: Terminal) -> Iterator[str]:
    """A table; on a terminal that leaves the help no room, each help stands below its key."""
    columns = [Column("key"), Column("type"), Column("default"), Column("help")]
    rows = [_row(key) for key in found]
    if terminal.width is None:
        return draw_table(columns, rows, terminal)
    room = terminal.width - sum(widths_of(columns, rows)[:-1]) - GAP * (len(columns) - 1)
    if room < _NARROWEST_HELP:
        return _draw_stacked(rows, terminal)
    return draw_table(columns, [part for row in rows for part in _wrapped(row, room)], terminal)


def _draw_stacked(rows: Sequence[list[Cell]], terminal: Terminal) -> Iterator[str]:
    for key, kind, default, text in rows:
        said = default.text if default.style else f"default {default.text}"
        first, *rest = wrapped(f"{key.text}  {kind.text}, {said}", terminal, hanging=4)
        yield terminal.paint(key.text, key.style) + first.removeprefix(key.text)
        yield from rest
        if text.text:
            for line in wrapped(f"    {text.text}", terminal, hanging=4):
                yield terminal.paint(line, text.style)


def _row(key: Key) -> list[Cell]:
    help_text = key.help if key.changes_result else f"{key.help} (never changes the result)".strip()
    return [
        Cell(key.path, "cyan"),
        Cell(key.type_text),
        _default(key.default),
        Cell(harmless(help_text), "" if key.changes_result else "dim"),
    ]


def _default(value: Any) -> Cell:
    if value is Absence.MISSING:
        return Cell("required", "yellow")
    return Cell(NOTHING if isinstance(value, Absence) else value_text(value))


def _wrapped(row: list[Cell], room: int) -> Iterator[list[Cell]]:
    """A row whose help goes on below itself."""
    *cells, text = row
    first, *rest = textwrap.wrap(text.text, room) or [""]
    yield [*cells, Cell(first, text.style)]
    for line in rest:
        yield [*(Cell("") for _ in cells), Cell(line, text.style)]
