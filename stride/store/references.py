"""The run that a reference means: a number, a name, `latest`, `best` or `best:<monitor>`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stride.errors import QueryError, RunNotFoundError
from stride.store.entries import describe, is_run, newest, read_names
from stride.store.names import LATEST, is_best, is_number, is_run_name, parse_number
from stride.store.run import Run

if TYPE_CHECKING:
    from stride.store.work_dir import WorkDir


def find_run(work_dir: WorkDir, text: str) -> Run:
    """The run that is meant; `latest` is the highest number.

    Raises:
        RunNotFoundError: there is none; says what there is.
    """
    if text == LATEST:
        return _latest(work_dir)
    if is_best(text):
        return _best(work_dir, text)
    if (number := parse_number(text)) is not None:
        text = str(number)
    if (is_number(text) or is_run_name(text)) and is_run(run := _run(work_dir, text)):
        return run
    shown = text if len(text) <= 100 else text[:97] + "..."
    raise RunNotFoundError(
        f"run {shown} is not in {work_dir.address} (it has {describe(work_dir.walk())})"
    )


def best_references(work_dir: WorkDir) -> list[str]:
    """`best` and `best:<monitor>` of each monitor; nothing where no run has a best value."""
    from stride.store.index.read import read_index
    from stride.store.query.monitors import monitors_of

    monitors = monitors_of([read_index(work_dir)])
    return ["best", *(f"best:{name}" for name in monitors)] if monitors else []


def _run(work_dir: WorkDir, name: str) -> Run:
    return Run(work_dir.path / name, address=f"{work_dir.address}/{name}")


def _latest(work_dir: WorkDir) -> Run:
    numbers, _ = read_names(work_dir.path)
    for run in newest(1, (_run(work_dir, str(number)) for number in reversed(numbers)), ()):
        return run
    raise RunNotFoundError(f"{work_dir.address} has no numbered run yet")


def _best(work_dir: WorkDir, reference: str) -> Run:
    """The best run: completed ones first, the lower number on a tie."""
    # Deferred, as above: a number or a name needs no index.
    from stride.store.index.read import read_index
    from stride.store.query.monitors import best_row, find_monitor

    table = read_index(work_dir)
    try:
        monitor = find_monitor(reference, [table], prefix=f"{work_dir.address}/")
    except QueryError as error:
        raise RunNotFoundError(f"{work_dir.address}/{reference}: {error}") from error
    row = best_row(table, monitor)
    if row is None:
        raise RunNotFoundError(f"no run of {work_dir.address} has a value of {monitor.name}")
    return table.run(row)
