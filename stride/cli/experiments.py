"""The experiments that a command is about: those named, those below a folder, or the current."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from stride.cli import answer
from stride.cli.experiment import open_experiment, written_by_a_person
from stride.errors import NotAnExperimentError, RunNotFoundError, StorageError
from stride.files import storage_errors
from stride.store.work_dir import WorkDir


def open_experiments(paths: Sequence[str], *, recursive: bool = False) -> list[WorkDir]:
    """The experiments of some folders, each once; with none named, the current folder.

    Of several paths, as a shell makes of `exps/*`, those that are no experiment are left out, and
    a note says so.

    Args:
        recursive: also take the experiments below folders that are none.

    Raises:
        UsageError: a path does not exist, or none is an experiment.
    """
    if recursive:
        return _below(paths or (".",))
    if len(paths) < 2:
        return [open_experiment(paths[0] if paths else None)]
    found: list[WorkDir] = []
    left_out: list[str] = []
    for path in paths:
        try:
            found.append(open_experiment(path))
        except NotAnExperimentError:
            left_out.append(path)
    if not found:
        raise NotAnExperimentError(f"none of these is an experiment: {', '.join(left_out)}")
    if left_out:
        answer.note(f"no experiments, and left out: {', '.join(left_out)}")
    return _each_once(found)


def _each_once(experiments: Sequence[WorkDir]) -> list[WorkDir]:
    """Those of several names are one."""
    return [*{each.path.resolve(): each for each in reversed(experiments)}.values()][::-1]


def _below(paths: Sequence[str]) -> list[WorkDir]:
    found: list[WorkDir] = []
    for path in paths:
        if not os.path.lexists(path):
            raise RunNotFoundError(f"there is no folder {path}")
        found.extend(_experiments(path))
    if not found:
        raise NotAnExperimentError(f"there is no experiment in {', '.join(paths)}")
    return _each_once(found)


def _experiments(path: str) -> Iterator[WorkDir]:
    """The experiments of a tree of folders; links are not followed, and none is in another."""
    work_dir = WorkDir(path)
    with written_by_a_person():
        if work_dir.exists():
            yield work_dir
            return
    try:
        with storage_errors("read", work_dir.path), os.scandir(path) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            )
    except (StorageError, NotADirectoryError):
        return
    for name in names:
        yield from _experiments(os.path.join(path, name))  # noqa: PTH118  as typed, ./ included
