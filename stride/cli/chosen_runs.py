"""The runs that a command is to change: each named by its number or name, or by a range."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stride.cli.experiment import open_experiment, open_run
from stride.errors import RunNameError, RunNotFoundError
from stride.store.names import LATEST
from stride.store.run import Run
from stride.store.work_dir import WorkDir

_RANGE = re.compile(r"(?:(?P<folder>.*)/)?(?P<first>[0-9]+)-(?P<last>[0-9]+)", re.DOTALL)
_MOVING = re.compile(rf"(?:.*/)?({LATEST}|best|best:.*)", re.DOTALL)


def open_runs(
    addresses: Sequence[str], *, whole: bool = False, where: Sequence[str] | None = None
) -> list[Run]:
    """The runs of `exp/3`, `exp/baseline` and `exp/3-7`, each once, as they were typed.

    `latest` and `best` are refused: what they mean changes while others train.

    Args:
        whole: an experiment stands for all its runs.
        where: queries; then experiments are named, and stand for their runs of which all are true.

    Raises:
        UsageError: no such run; none in a range; an experiment without `whole`; a run with `where`.
    """
    if where:
        from stride.store.selection import select  # deferred: what names its runs needs no index

        return list(select(map(open_experiment, addresses), where).runs())
    runs: dict[Run, None] = {}
    for address in addresses:
        runs.update(dict.fromkeys(_runs_of(address, whole)))
    return list(runs)


def _runs_of(address: str, whole: bool) -> Iterator[Run]:
    if found := _RANGE.fullmatch(address):
        yield from _range(address, found)
    elif _MOVING.fullmatch(address):
        raise RunNameError(
            f"{address} means another run tomorrow; name the run by its number or name"
        )
    elif _is_experiment(address):
        if not whole:
            raise RunNameError(
                f"{address} is an experiment: name its runs, as in {address}/3 or {address}/3-7"
            )
        yield from open_experiment(address).runs()
    else:
        yield open_run(address)


def _is_experiment(address: str) -> bool:
    """Whether it is an experiment and not, in the current folder, a run."""
    if "/" not in address and WorkDir(".").exists() and address not in (".", ".."):
        return False
    return WorkDir(address).exists()


def _range(address: str, found: re.Match[str]) -> Iterator[Run]:
    folder = found["folder"]
    experiment = open_experiment((folder or "/") if folder is not None else None)
    first, last = int(found["first"][:18]), int(found["last"][:18])
    runs = [
        run for run in experiment.runs() if run.number is not None and first <= run.number <= last
    ]
    if not runs:
        raise RunNotFoundError(f"no run of {experiment.address} is in {address}")
    yield from runs
