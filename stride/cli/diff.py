"""`stride diff`: what differs between runs, and what it did to the results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from stride.cli import answer
from stride.cli.code_page import draw_files, patch_fields, write_patches
from stride.cli.comparison_page import draw_comparison
from stride.cli.completion import complete_run
from stride.cli.experiment import open_experiment, open_run
from stride.cli.list_options import Where
from stride.cli.options import Json
from stride.cli.terminal import standard_output
from stride.config.differences import ABSENT, flatten
from stride.config.differing_keys import differing_keys
from stride.errors import UsageError
from stride.report.code_comparison import compare_code, not_covered
from stride.report.comparison import UNRECORDED, Comparison, Values, compare, only_differing
from stride.report.portrait import Portrait, read_portrait
from stride.store.run import Run

EXAMPLES = (
    "stride diff exp/2 exp/3",
    "stride diff exp/2 exp/3 exp/4 --all",
    "stride diff exp --where \"lr == 3e-4 and 'paper' in tags\"",
    "stride diff exp/2 exp/3 --code > changes.patch",
    "stride diff exp/2 exp/3 --code --repository ~/project",
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
    "patches": "from the code of the first run to that of each other one: `first` and `second` "
    "(addresses), `files` (`path`, `change`, `before` it was renamed, lines `added` and `removed`; "
    "null where it is not known, `reason` says why), `patch` with --code, `of_diffs` (the kept "
    "diffs are compared, not the files), `notes` on what is not covered",
    "unknown": "section to the addresses of the runs of which nothing is known in it",
}


def diff(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN RUN",
            autocompletion=complete_run,
            help="Two or more runs; with --where experiments, whose runs are taken.",
        ),
    ],
    where: Where = None,
    every: Annotated[bool, typer.Option("--all", help="Show also what is the same.")] = False,
    code: Annotated[
        bool, typer.Option("--code", help="Show the patch between their codes, and no tables.")
    ] = False,
    repository: Annotated[
        str | None,
        typer.Option(
            "--repository",
            metavar="DIR",
            help="Take the commits from this repository, not from where the runs were started.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show what differs between runs, and their results.

    Compares config, code, data, packages and machine of any number of runs; below, their results
    side by side. Only what differs is shown, unless --all is given: names of things first, then the
    keys that people chose; the arguments that only one model or optimiser has are counted.

    Where the code differs, the files that do are listed; --code shows the patch, as git apply takes
    it: commit, uncommitted changes and untracked files of the first run to those of each other one.
    No repository is changed for it, and none of its programs is run.
    """
    opened = _open(runs, where)
    portraits = [read_portrait(run) for run in opened]
    codes = compare_code(
        portraits,
        repository=None if repository is None else Path(repository).expanduser(),
        patch=code,
        binary=json or standard_output().width is None,
    )
    if code and not json:
        write_patches(codes, not_covered(portraits), standard_output())
        return
    comparison = compare(portraits)
    keys = differing_keys(*_settings(portraits))
    shown = {
        name: values if every or name == "results" else only_differing(values)
        for name, values in comparison.sections.items()
    }
    if not every:
        shown["config"] = keys.telling | keys.following
    if json:
        patches = [
            patch_fields(difference, not_covered([portraits[0], portrait]))
            for difference, portrait in zip(codes, portraits[1:], strict=True)
        ]
        answer.write_json(_fields(comparison, shown, patches))
        return
    rows = tuple(portrait.row for portrait in portraits)
    folded = None if every else keys
    for line in draw_comparison(comparison, shown, rows, folded, standard_output()):
        answer.write(line)
    for line in draw_files(codes, not_covered(portraits), standard_output()):
        answer.write(line)


def _open(addresses: Sequence[str], where: Sequence[str] | None) -> list[Run]:
    """The runs, each once.

    Raises:
        UsageError: there are less than two.
    """
    if not where:
        runs = list(dict.fromkeys(open_run(address) for address in addresses))
        if len(runs) < 2:
            raise UsageError("diff compares two or more runs, as in stride diff exp/2 exp/3")
        return runs
    from stride.store.selection import select  # deferred: most comparisons need no query

    runs = list(select([open_experiment(address) for address in addresses], where).runs())
    if len(runs) < 2:
        count = "one run" if runs else "no run"
        raise UsageError(f"the query is true of {count}; diff compares two or more")
    return runs


def _settings(portraits: list[Portrait]) -> tuple[list[dict[str, Any]], set[str]]:
    """The settings of each run, flat, and the keys that were chosen in any of them."""
    chosen = {key for portrait in portraits for key in portrait.row.chosen}
    return [flatten(portrait.settings) for portrait in portraits], chosen


def _fields(
    comparison: Comparison, shown: dict[str, Values], patches: Sequence[dict[str, Any]]
) -> dict[str, Any]:
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
    return {
        "runs": runs,
        **sections,
        "patches": patches,
        "unknown": comparison.unknown,
    }
