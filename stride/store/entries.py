"""The entries of an experiment's folder that are runs, told by their names and files."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from stride.files import storage_errors
from stride.store.names import is_number, is_run_name
from stride.store.run import Run


def read_names(experiment: Path) -> tuple[list[int], list[str]]:
    """Numbers and names that entries of the folder have, upward; they may be no runs yet.

    Raises:
        StorageError: the folder cannot be read.
    """
    numbers: list[int] = []
    names: list[str] = []
    with storage_errors("read", experiment), os.scandir(experiment) as entries:
        for entry in entries:
            if is_number(entry.name):
                numbers.append(int(entry.name))
            elif is_run_name(entry.name):
                names.append(entry.name)
    return sorted(numbers), sorted(names)


def is_run(run: Run) -> bool:
    """Whether the folder is a run, whole or damaged: it has one of the two files of every run.

    A symbolic link that leads out of the experiment is none.
    """
    if not (os.path.lexists(run.record_path) or os.path.lexists(run.config_path)):
        return False
    if not run.path.is_symlink():
        return True
    return run.path.resolve().is_relative_to(run.work_dir.resolve())


def newest(limit: int, numbered: Iterable[Run], named: Iterable[Run]) -> list[Run]:
    """The newest that are runs. `numbered` come downward; names are placed by their config.json."""
    last = [*islice(filter(is_run, numbered), limit)]
    others = [*filter(is_run, named)]
    return heapq.nlargest(limit, [*last, *others], key=_made_at) if others else last


def _made_at(run: Run) -> tuple[int, int]:
    try:
        made = run.config_path.stat().st_mtime_ns
    except OSError:
        made = 0
    return made, run.number if run.number is not None else -1


def describe(runs: Iterable[Run]) -> str:
    """What there is, in few words: `0-4, 6, baseline`. The runs come in the order of a listing."""
    spans: list[list[int]] = []
    names: list[str] = []
    for run in runs:
        if run.number is None:
            names.append(run.name)
        elif spans and spans[-1][1] == run.number - 1:
            spans[-1][1] = run.number
        else:
            spans.append([run.number, run.number])
    parts = [f"{first}" if first == last else f"{first}-{last}" for first, last in spans]
    parts += names
    more = f" and {len(parts) - 10} more" if len(parts) > 10 else ""
    return ", ".join(parts[:10]) + more or "no runs yet"
