"""The beginning of a sweep: its folder and its definition appear, once, whoever comes first."""

from __future__ import annotations

import contextlib

from stride.files import storage_errors
from stride.sweep.definition import Definition, check_same, read_definition, write_definition
from stride.sweep.folder import SweepFolder


def begin_sweep(folder: SweepFolder, definition: Definition) -> Definition:
    """Make the sweep where it is not there; gives its definition, as it is on the disk.

    The experiment is made with it. Of several workers that come at once, one writes the definition,
    and the others join.

    Raises:
        ConfigError: another command has just begun a sweep of the name.
        NotAnExperimentError, StorageError: the folder cannot be made.
    """
    if not folder.exists():
        folder.work_dir.initialize()
        for path in (folder.path.parent, folder.path):
            with storage_errors("make", path), contextlib.suppress(FileExistsError):
                path.mkdir()
        write_definition(folder, definition)
    known = read_definition(folder)
    if known.id != definition.id:
        check_same(folder, known, definition)
    return known
