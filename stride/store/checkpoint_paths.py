"""The paths of checkpoints: the folder of all of a run, and what one of them is made of."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from stride.files import storage_errors
from stride.store.names import check_file_name

_COMMITTED = re.compile(r"step-([0-9]{8,})(?:-([1-9][0-9]*))?", re.ASCII)
_STAGING = ".staging-"
_REMOVED = ".removed-"


@dataclass(frozen=True)
class CheckpointFolder:
    """The folder of one checkpoint, and the files in it."""

    path: Path

    @property
    def name(self) -> str:
        """`step-00001347`, or `step-00001347-2` for a second one of the same step."""
        return self.path.name

    @property
    def order(self) -> tuple[int, int]:
        """Step, and the how-manieth of that step: a later checkpoint has a larger one.

        (-1, 0) for a folder that has no such name.
        """
        match = _COMMITTED.fullmatch(self.name)
        return (int(match[1]), int(match[2] or 1)) if match else (-1, 0)

    @property
    def tensors_path(self) -> Path:
        """The tensors of the state, as safetensors."""
        return self.path / "tensors.safetensors"

    @property
    def state_path(self) -> Path:
        """The rest of the state, as JSON."""
        return self.path / "state.json"

    @property
    def manifest_path(self) -> Path:
        """What the checkpoint is made of, with sizes and digests; written last."""
        return self.path / "manifest.json"

    @property
    def weights_path(self) -> Path:
        """Links to the files of best weights that belong to this moment."""
        return self.path / "weights"

    def weights_file(self, name: str) -> Path:
        """The link to a file of weights, as `best.safetensors`.

        Raises:
            RunNameError: the name leads to another folder.
        """
        return self.weights_path / check_file_name(name)

    def file(self, name: str) -> Path:
        """A file by the name that the manifest has for it, as `weights/best.safetensors`.

        Raises:
            RunNameError: the name leads to another folder.
        """
        folder, slash, rest = name.partition("/")
        if slash and folder == self.weights_path.name:
            return self.weights_file(rest)
        return self.path / check_file_name(name)

    def name_of(self, path: Path) -> str:
        """The name that the manifest has for a file of this folder."""
        return path.relative_to(self.path).as_posix()


@dataclass(frozen=True)
class CheckpointPaths:
    """The folder `checkpoints` of a run. Making the object touches no disk."""

    path: Path

    @property
    def newest_path(self) -> Path:
        """Names the newest checkpoint, for people and other programs: a hint, never the truth."""
        return self.path / "newest.json"

    def folder(self, step: int, count: int = 1) -> CheckpointFolder:
        """The checkpoint of a step, or the how-manieth of it."""
        suffix = f"-{count}" if count > 1 else ""
        return CheckpointFolder(self.path / f"step-{step:08d}{suffix}")

    def staging_folder(self, step: int) -> CheckpointFolder:
        """A new folder beside the others, where a checkpoint is put together."""
        mark = f"{os.getpid()}-{os.urandom(4).hex()}"
        return CheckpointFolder(self.path / f"{_STAGING}{step:08d}-{mark}")

    def removed_path(self, folder: CheckpointFolder) -> Path:
        """The name under which a checkpoint is taken apart, so that none is ever seen in part."""
        return self.path / f"{_REMOVED}{folder.name}-{os.urandom(4).hex()}"

    def committed(self) -> list[CheckpointFolder]:
        """All checkpoints that were given their name, the newest first; none is looked into.

        Raises:
            StorageError: the folder cannot be read.
        """
        found = [CheckpointFolder(self.path / name) for name in self._names()]
        whole = [folder for folder in found if folder.order > (-1, 0)]
        return sorted(whole, key=lambda folder: folder.order, reverse=True)

    def leftovers(self) -> list[Path]:
        """What killed writers left: checkpoints that were being put together or taken apart.

        Raises:
            StorageError: the folder cannot be read.
        """
        names = self._names()
        return [self.path / name for name in names if name.startswith((_STAGING, _REMOVED))]

    def _names(self) -> list[str]:
        with storage_errors("read", self.path):
            try:
                return sorted(os.listdir(self.path))  # noqa: PTH208  names are all that is needed
            except FileNotFoundError:
                return []
