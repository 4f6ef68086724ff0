"""The experiment that a command is about: the one named, or the current folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from stride.errors import (
    ConfigError,
    NewerFormatError,
    RunNameError,
    StoredFileError,
    UsageError,
)
from stride.store.names import is_exact, parse_run_address
from stride.store.run import Run
from stride.store.work_dir import WorkDir


@contextlib.contextmanager
def written_by_a_person() -> Iterator[None]:
    """What is wrong with the config.json of an experiment is an error of usage: people edit it.

    Raises:
        ConfigError: in place of a StoredFileError, unless a newer stride wrote the file.
    """
    try:
        yield
    except NewerFormatError:
        raise
    except StoredFileError as error:
        raise ConfigError(str(error)) from error


def open_experiment(path: str | None) -> WorkDir:
    """The experiment of a folder; with none named, the current folder.

    Raises:
        UsageError: the folder is no experiment; without a name the sentence says how to give one.
    """
    if path is not None:
        experiment = WorkDir(path)
        with written_by_a_person():
            experiment.check()
        return experiment
    experiment = WorkDir(Path())
    with written_by_a_person():
        if experiment.exists():
            return experiment
    raise UsageError(
        "the current folder is no experiment: name one, as in stride list exp, or go into it"
    )


def open_run(address: str, *, exact: bool = False) -> Run:
    """The run of an address such as exp/3; a number or name alone is one of the current folder.

    Args:
        exact: take numbers and names only. `latest` and `best` may be another run by the time that
            a command is called again, and what removes or changes runs is not to depend on it.

    Raises:
        UsageError: no such experiment or run.
    """
    if "=" in address:
        raise RunNameError(f"{address} is a setting, not a run; give it as --config {address}")
    folder, reference = parse_run_address(address)
    if exact and not is_exact(reference):
        raise RunNameError(
            f"{address} may be another run tomorrow: name the run by its number or name, as in "
            f"{folder / '3'}"
        )
    with written_by_a_person():
        experiment = WorkDir(folder)
        named = WorkDir(address)
        if not experiment.exists() and named.exists():
            raise RunNameError(
                f"{address} is an experiment: name one of its runs, as in {named.address}/latest"
            )
        if folder == Path() and not experiment.exists():
            raise RunNameError(
                f"the current folder is no experiment: name one as well, as in exp/{reference}"
            )
        return experiment.run(reference)
