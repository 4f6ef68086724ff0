"""`stride diff`: what differs between runs, and what it did to the results."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from stride.cli import answer
from stride.cli.comparison_page import draw_comparison
from stride.cli.completion import complete_run
from stride.cli.experiment import open_run
from stride.cli.options import Json
from stride.cli.terminal import standard_output
from stride.config.differences import ABSENT, flatten
from stride.config.differing_keys import differing_keys
from stride.errors import UsageError
from stride.report.comparison import UNRECORDED, Comparison, Values, compare, only_differing
from stride.report.portrait import Portrait, read_portrait

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
    "machine": f"host, processor, memory in bytes, graphics, Python, device, threads: {_VALUES}",
    "results": f"status, seconds, best values, final metrics, always all: {_VALUES}",
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
    side by side. Only what differs is shown, unless --all is given: names of things first, then the
    keys that people chose; the arguments that only one model or optimiser has are counted.
    """
    opened = list(dict.fromkeys(open_run(address) for address in runs))
    if len(opened) < 2:
        raise UsageError("diff compares two or more runs, as in stride diff exp/2 exp/3")
    portraits = [read_portrait(run) for run in opened]
    comparison = compare(portraits)
    keys = differing_keys(*_settings(portraits))
    shown = {
        name: values if every or name == "results" else only_differing(values)
        for name, values in comparison.sections.items()
    }
    if not every:
        shown["config"] = keys.telling | keys.following
    if json:
        answer.write_json(_fields(comparison, shown))
        return
    rows = tuple(portrait.row for portrait in portraits)
    folded = None if every else keys
    for line in draw_comparison(comparison, shown, rows, folded, standard_output()):
        answer.write(line)


def _settings(portraits: list[Portrait]) -> tuple[list[dict[str, Any]], set[str]]:
    """The settings of each run, flat, and the keys that were chosen in any of them."""
    chosen = {key for portrait in portraits for key in portrait.row.chosen}
    return [flatten(portrait.settings) for portrait in portraits], chosen


def _fields(comparison: Comparison, shown: dict[str, Values]) -> dict[str, Any]:
    runs = comparison.addresses
    sections = {
        section: {
            name: {
                run: value
                for run, value in zip(runs, each, strict=True)
                if value is not ABSENT and value is not UNRECORDED
            }
            for name, each in values.items()
        }
        for section, values in shown.items()
    }
    return {"runs": runs, **sections, "unknown": comparison.unknown}
