"""The experiment that a command is about: the one named, or the current folder."""

from __future__ import annotations

from pathlib import Path

from stride.errors import UsageError
from stride.store.names import parse_run_address
from stride.store.run import Run
from stride.store.work_dir import WorkDir


def open_experiment(path: str | None) -> WorkDir:
    """The experiment of a folder; with none named, the current folder.

    Raises:
        UsageError: the folder is no experiment; without a name the sentence says how to give one.
    """
    if path is not None:
        experiment = WorkDir(path)
        experiment.check()
        return experiment
    experiment = WorkDir(Path())
    if not experiment.exists():
        raise UsageError(
            "the current folder is no experiment: name one, as in stride list exp, or go into it"
        )
    return experiment


def open_run(address: str) -> Run:
    """The run of an address such as exp/3; a number or name alone is one of the current folder.

    Raises:
        UsageError: no such experiment or run.
    """
    folder, reference = parse_run_address(address)
    return WorkDir(folder).run(reference)
