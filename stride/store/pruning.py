"""The pruning of a run's checkpoints: which go, and what that gives back to the disk.

A run that is not completed keeps the newest checkpoint that verifies, whatever is asked: without
it the run could not go on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from stride.errors import StorageError, StoredFileError, UsageError, VerificationError
from stride.files import fsync_folder, storage_errors, write_json
from stride.store.checkpoint_manifest import Manifest
from stride.store.checkpoint_paths import CheckpointFolder
from stride.store.checkpoint_proof import read_whole, verify
from stride.store.checkpoint_removal import remove_checkpoint
from stride.store.freed import Freed, measure_freed
from stride.store.holding import holding, read_dead
from stride.store.record import RunRecord, Status
from stride.store.run import Run

BEST = "best"
LAST = "last"
RESUME = "to go on"


@dataclass(frozen=True, slots=True)
class Keep:
    """What is to be kept of each run: the best checkpoint, and so many of the newest."""

    best: bool
    newest: int

    @property
    def text(self) -> str:
        """As it is typed: `best,last`."""
        last = () if not self.newest else (LAST if self.newest == 1 else str(self.newest),)
        return ",".join((*((BEST,) if self.best else ()), *last)) or "none"


def parse_keep(text: str) -> Keep:
    """Read `best,last`, `last`, `best,3` (the three newest) or `none`.

    Raises:
        UsageError: it is something else.
    """
    words = [word.strip() for word in text.split(",")]
    if words == ["none"]:
        return Keep(best=False, newest=0)
    best, newest = False, 0
    for word in words:
        if word == BEST:
            best = True
        elif word == LAST:
            newest = max(newest, 1)
        elif word.isascii() and word.isdigit() and int(word[:9]) > 0:
            newest = max(newest, int(word[:9]))
        else:
            raise UsageError(
                f"--keep takes best, last, how many of the newest, or none, as in best,last; "
                f"not {word!r}"
            )
    return Keep(best, newest)


@dataclass(frozen=True)
class Pruning:
    """What is to be done with the checkpoints of a run.

    Attributes:
        kept: the checkpoints that stay, the newest first, with the reasons.
        removed: those that go.
        broken: those that are no whole checkpoint, with what is wrong; they stay.
        freed: what removing gives back.
        resumable: whether the run can go on afterwards; None where it is completed.
    """

    run: Run
    kept: Mapping[CheckpointFolder, tuple[str, ...]]
    removed: tuple[CheckpointFolder, ...]
    broken: Mapping[CheckpointFolder, str]
    freed: Freed
    resumable: bool | None


def plan_pruning(run: Run, keep: Keep) -> Pruning:
    """Choose the checkpoints of a run that go; removes nothing.

    Raises:
        RunBusyError: a process trains it, or may.
        StorageError: the checkpoints cannot be read.
    """
    return _plan(run, keep, read_dead(run))


def prune(run: Run, keep: Keep) -> Pruning:
    """Remove checkpoints of a run for good, while no training can begin in it.

    Raises:
        RunBusyError: a process trains it, or may.
        StorageError: the disk refused.
    """
    with holding(run) as record:
        plan = _plan(run, keep, record)
        for folder in reversed(plan.removed):
            remove_checkpoint(folder, run.checkpoint_paths)
        if plan.removed:
            _move_hint(run)
            with storage_errors("write", run.checkpoints_path):
                fsync_folder(run.checkpoints_path)
    return plan


def _plan(run: Run, keep: Keep, record: RunRecord | None) -> Pruning:
    whole: dict[CheckpointFolder, Manifest] = {}
    broken: dict[CheckpointFolder, str] = {}
    _check_inside(run)
    for folder in run.checkpoint_paths.committed():
        try:
            manifest = read_whole(folder)
        except (StoredFileError, VerificationError) as error:
            broken[folder] = str(error)
        else:
            whole[folder] = manifest
    reasons: dict[CheckpointFolder, list[str]] = {folder: [] for folder in whole}
    if keep.best:
        for folder in [folder for folder in whole if whole[folder].best][:1]:
            reasons[folder].append(BEST)
    for place, folder in enumerate(list(whole)[: keep.newest]):
        reasons[folder].append(LAST if not place else "newest")
    completed = record is not None and record.status is Status.COMPLETED
    resumable = None
    if not completed:
        needed = _needed(whole, broken, sure=not all(reasons.values()))
        resumable = needed is not None
        if needed is None:
            reasons = {folder: [RESUME] for folder in whole}
        elif not reasons[needed]:
            reasons[needed].append(RESUME)
    removed = tuple(folder for folder in whole if not reasons[folder] and folder not in broken)
    return Pruning(
        run=run,
        kept={
            folder: tuple(reasons[folder])
            for folder in whole
            if reasons[folder] and folder not in broken
        },
        removed=removed,
        broken=broken,
        freed=measure_freed(folder.path for folder in removed),
        resumable=resumable,
    )


def _check_inside(run: Run) -> None:
    """Look whether the checkpoints lie in the run, and not behind a link.

    Raises:
        StorageError: behind a link: they are left to whoever made it.
    """
    if run.checkpoints_path.is_symlink():
        raise StorageError(f"{run.checkpoints_path} is a symbolic link, which is not followed")


def _needed(
    whole: Mapping[CheckpointFolder, Manifest], broken: dict[CheckpointFolder, str], *, sure: bool
) -> CheckpointFolder | None:
    """The newest that verifies: what a resume would take.

    Args:
        broken: those that are found not to verify are added.
        sure: compare digests as well, as older ones are about to go.
    """
    for folder, manifest in whole.items():
        try:
            if sure:
                verify(folder, manifest.files)
        except (StoredFileError, VerificationError) as error:
            broken[folder] = str(error)
            continue
        return folder
    return None


def _move_hint(run: Run) -> None:
    """Let the pointer name the newest that is left; it is only a hint."""
    paths = run.checkpoint_paths
    with contextlib.suppress(OSError, StorageError):
        left = paths.committed()
        if left:
            step = left[0].order[0]
            write_json(paths.newest_path, {"checkpoint": left[0].name, "step": step}, durable=False)
        else:
            paths.newest_path.unlink(missing_ok=True)
