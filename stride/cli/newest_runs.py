"""The newest runs of an experiment, as `list` answers where nothing else is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from stride.cli.listing import draw_listing
from stride.cli.run_json import run_fields
from stride.cli.terminal import standard_output
from stride.store.row import read_present
from stride.store.work_dir import WorkDir


class NewestRuns:
    """The newest runs of one experiment; only their own files are read.

    Args:
        count: runs at most; 0 for all.
    """

    def __init__(self, experiment: WorkDir, count: int) -> None:
        self._experiment = experiment
        self._count = count
        self._empty = False

    def fields(self) -> Iterator[dict[str, Any]]:
        """The runs in JSON, each as soon as it is read."""
        runs = self._experiment.newest(self._count or sys.maxsize)
        return map(run_fields, read_present(runs))

    def lines(self) -> Iterator[str]:
        """The lines of the table."""
        runs = self._experiment.newest(self._count or sys.maxsize)
        self._empty = not runs
        if not runs:
            return
        rows = [*read_present(runs)]
        total = self._experiment.count() if len(runs) == self._count else len(rows)
        yield from draw_listing(rows, standard_output())
        if total > len(rows):
            yield f"\n{len(rows)} newest of {total} runs; --limit 0 lists all"

    def remark(self) -> str | None:
        """What is to say beside the answer."""
        path = self._experiment.address
        return (
            f"{path} has no runs yet; stride fit --config work_dir={path} makes one"
            if self._empty
            else None
        )
