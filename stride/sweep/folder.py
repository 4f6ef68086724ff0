"""The folder of a sweep, `exp/.sweeps/<name>/`: where each of its files lies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from stride.errors import RunNameError
from stride.files import storage_errors
from stride.store.names import is_run_name
from stride.store.work_dir import WorkDir


class SweepFolder:
    """The paths of a sweep. Making the object touches no disk.

    Args:
        work_dir: the experiment.
        name: of the sweep: what a named run may be called.

    Raises:
        RunNameError: a sweep cannot be called so.
    """

    def __init__(self, work_dir: WorkDir, name: str) -> None:
        if not is_run_name(name):
            raise RunNameError(
                f"a sweep cannot be named {name[:100]!r}: a name is a letter, then letters, digits,"
                " '.', '_' or '-', as in lr-seed"
            )
        self.work_dir = work_dir
        self.name = name

    @property
    def address(self) -> str:
        """How the sweep is named to people: `sweep lr of exp`."""
        return f"sweep {self.name} of {self.work_dir.address}"

    @property
    def path(self) -> Path:
        """The folder."""
        return self.work_dir.sweeps_path / self.name

    @property
    def definition_path(self) -> Path:
        """What is swept and how; written once."""
        return self.path / "sweep.json"

    @property
    def journal_path(self) -> Path:
        """Optuna's journal of the study: one line an operation."""
        return self.path / "journal.log"

    @property
    def turn_path(self) -> Path:
        """The lock under which a worker takes or settles trials."""
        return self.path / ".turn.lock"

    @property
    def best_config_path(self) -> Path:
        """What was chosen for the best trial, for `--config-file`."""
        return self.path / "best_config.json"

    @property
    def batch_path(self) -> Path:
        """Job scripts, and what their jobs print."""
        return self.path / "slurm"

    def exists(self) -> bool:
        """Whether the sweep was begun."""
        return os.path.lexists(self.definition_path)


def read_sweeps(work_dir: WorkDir) -> Iterator[SweepFolder]:
    """The sweeps of an experiment, by name. A symbolic link is none.

    Raises:
        StorageError: the folder cannot be read.
    """
    path = work_dir.sweeps_path
    try:
        with storage_errors("read", path), os.scandir(path) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in sorted(filter(is_run_name, names)):
        if (folder := SweepFolder(work_dir, name)).exists():
            yield folder
