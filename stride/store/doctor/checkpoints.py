"""The check of checkpoints: saves that were cut short, and checkpoints that are not whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from stride.errors import NewerFormatError, StorageError, StoredFileError, VerificationError
from stride.files import read_json
from stride.store.checkpoint_manifest import Manifest
from stride.store.checkpoint_paths import CheckpointFolder
from stride.store.checkpoint_proof import read_whole, verify
from stride.store.doctor.aside import set_aside_from
from stride.store.doctor.finding import Finding, Level
from stride.store.doctor.links import led_out
from stride.store.record import RunRecord, Status
from stride.store.run import Run


def check_checkpoints(run: Run, record: RunRecord | None, *, deep: bool) -> Iterator[Finding]:
    """Look at the checkpoints of a run that nobody trains.

    Args:
        deep: read every file and compare its digest.
    """
    if run.checkpoints_path.is_symlink():
        return
    paths = run.checkpoint_paths
    try:
        for path in paths.leftovers():
            text = "a save that was cut short; the next attempt clears it away"
            yield Finding("half checkpoint", path, text, mend=set_aside_from(run, path))
        broken: dict[CheckpointFolder, str] = {}
        whole: dict[CheckpointFolder, Manifest] = {}
        for folder in paths.committed():
            if found := _led_out(run, folder):
                yield found
                continue
            try:
                whole[folder] = read_whole(folder)
                if deep:
                    verify(folder, whole[folder].files)
            except NewerFormatError as error:
                yield Finding("newer format", folder.path, str(error), Level.NOTE)
            except (StoredFileError, VerificationError, StorageError) as error:
                whole.pop(folder, None)
                broken[folder] = str(error)
    except StorageError as error:
        yield Finding("unreadable folder", run.checkpoints_path, str(error))
        return
    dispensable = bool(whole) or (record is not None and record.status is Status.COMPLETED)
    for folder, wrong in broken.items():
        mend = set_aside_from(run, folder.path) if dispensable else None
        text = f"{wrong}; a resume passes over it"
        yield Finding("broken checkpoint", folder.path, text, mend=mend)
    try:
        run.check_inside(paths.newest_path)
        read_json(paths.newest_path)
    except FileNotFoundError:
        pass
    except (StoredFileError, StorageError) as error:
        text = f"{error}; it is only a hint"
        yield Finding(
            "torn file", paths.newest_path, text, mend=set_aside_from(run, paths.newest_path)
        )


def _led_out(run: Run, folder: CheckpointFolder) -> Finding | None:
    """The note on the first file of a checkpoint that is elsewhere."""
    if found := led_out(run, folder.path):
        return found
    inside = (
        Path(place, name)
        for place, folders, files in os.walk(folder.path)
        for name in (*folders, *files)
    )
    return next(filter(None, (led_out(run, path) for path in sorted(inside))), None)
