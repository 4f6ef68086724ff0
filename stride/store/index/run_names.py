"""The names of the entries of an experiment that may be runs, in the order of a listing."""

from __future__ import annotations

import os
from pathlib import Path

from stride.files import storage_errors
from stride.store.entries import is_run
from stride.store.names import is_number, is_run_name
from stride.store.run import Run


def read_run_names(experiment: Path) -> list[str]:
    """Numbers upward, then names. Whether an entry has the files of a run is not looked at.

    A symbolic link is among them only where it leads to a run inside the experiment.

    Raises:
        StorageError: the folder cannot be read.
    """
    numbers: list[int] = []
    names: list[str] = []
    with storage_errors("read", experiment), os.scandir(experiment) as entries:
        for entry in entries:
            name = entry.name
            if entry.is_symlink() and not is_run(Run(experiment / name)):
                continue
            if is_number(name):
                numbers.append(int(name))
            elif is_run_name(name):
                names.append(name)
    return [*map(str, sorted(numbers)), *sorted(names)]
