"""`stride diff`: what differs between runs, and what it did to the results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from stride.cli import answer
from stride.cli.comparison import SECTIONS, Comparison, Values, compare, only_differing
from stride.cli.completion import complete_run
from stride.cli.experiment import open_run
from stride.cli.options import Json
from stride.cli.portrait import read_portrait
from stride.cli.table import Cell, Column, draw_comparison
from stride.cli.terminal import Terminal, standard_output
from stride.cli.text import harmless
from stride.cli.value import NOTHING, metric_text, value_text
from stride.config.differences import ABSENT
from stride.errors import UsageError

EXAMPLES = (
    "stride diff exp/2 exp/3",
    "stride diff exp/2 exp/3 exp/4 --all",
    "stride diff exp/2 exp/3 --json | jq .config",
)
_VALUES = "name to a mapping of address to value; a run without the name is left out"
FIELDS = {
    "runs": "addresses of the runs, as given",
    "config": f"config keys that differ (with --all: every one): {_VALUES}",
    "code": f"repository, commit, branch, digest and the user's own files: {_VALUES}",
    "data": f"fingerprints of the data: {_VALUES}",
    "packages": f"installed packages: {_VALUES}",
    "machine": f"host, processor, graphics, Python, torch, device, threads: {_VALUES}",
    "results": f"status, time, best values, final metrics, always all: {_VALUES}",
    "unknown": "section to the addresses of the runs of which nothing is known in it",
}


def diff(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN RUN", autocompletion=complete_run, help="Two or more runs."),
    ],
    every: Annotated[bool, typer.Option("--all", help="Show also what is the same.")] = False,
    json: Json = False,
) -> None:
    """Show what differs between runs, and their results.

    Compares config, code, data, packages and machine of any number of runs; below, their results
    side by side. Only what differs is shown, unless --all is given.
    """
    opened = list(dict.fromkeys(open_run(address) for address in runs))
    if len(opened) < 2:
        raise UsageError("diff compares two or more runs, as in stride diff exp/2 exp/3")
    comparison = compare([read_portrait(run) for run in opened])
    shown = {
        name: values if every or name == "results" else only_differing(values)
        for name, values in comparison.sections.items()
    }
    if json:
        answer.write_json(_fields(comparison, shown))
        return
    for line in _draw(comparison, shown, every, standard_output()):
        answer.write(line)


def _fields(comparison: Comparison, shown: dict[str, Values]) -> dict[str, Any]:
    runs = comparison.addresses
    sections = {
        section: {
            name: {run: v for run, v in zip(runs, each, strict=True) if v is not ABSENT}
            for name, each in values.items()
        }
        for section, values in shown.items()
    }
    return {"runs": runs, **sections, "unknown": comparison.unknown}


def _draw(
    comparison: Comparison, shown: dict[str, Values], every: bool, terminal: Terminal
) -> Iterator[str]:
    """One table over all sections: the runs stand in the same columns from top to bottom."""
    change = len(comparison.addresses) == 2
    columns = [Column(""), *(Column(harmless(address)) for address in comparison.addresses)]
    if change:
        columns.append(Column("change", right=True))
    rows: list[list[Cell] | str] = []
    same = []
    for section in SECTIONS:
        values = shown[section]
        if not values:
            if not comparison.unknown[section]:
                same.append(section)
            continue
        rows.append(section)
        rows.extend(_row(section, name, each, change) for name, each in values.items())
    yield from draw_comparison(columns, rows, terminal)
    yield ""
    if same and not every:
        yield f"the same in all: {', '.join(same)}"
    for section in SECTIONS:
        if comparison.unknown[section]:
            yield f"{section} not recorded: {', '.join(comparison.unknown[section])}"


def _row(section: str, name: str, values: tuple[Any, ...], change: bool) -> list[Cell]:
    cells = [Cell(f"  {harmless(name)}", "cyan"), *(_cell(section, value) for value in values)]
    if change:
        cells.append(Cell(_change(section, *values)))
    return cells


def _cell(section: str, value: Any) -> Cell:
    if value is ABSENT or value is None:
        return Cell(NOTHING if value is ABSENT else "null", "dim")
    if section == "results" and isinstance(value, float):
        return Cell(metric_text(value))
    text = value_text(value)
    if section == "code" and len(text) > 24:
        text = text[:19] if text.startswith("sha256:") else text
    return Cell(text)


def _change(section: str, first: Any, second: Any) -> str:
    """How far a result moved from the first run to the second."""
    if section != "results" or not isinstance(first, float) or not isinstance(second, float):
        return ""
    return f"{second - first:+.4f}"
