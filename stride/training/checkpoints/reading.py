"""Reading the newest checkpoint that verifies."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stride.errors import NewerFormatError, StorageError, StoredFileError, VerificationError
from stride.files import read_json
from stride.json_text import JSON
from stride.store.checkpoint_manifest import Manifest, read_manifest
from stride.store.checkpoint_paths import CheckpointFolder
from stride.store.checkpoint_proof import verify
from stride.store.run import Run
from stride.training.checkpoints.decoding import decode_tree
from stride.training.checkpoints.shard_names import shards_among
from stride.training.checkpoints.state_tree import Tree
from stride.training.checkpoints.tensor_file import read_tensors

if TYPE_CHECKING:
    from torch.distributed.device_mesh import DeviceMesh

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A checkpoint that verified, and what it holds.

    Attributes:
        path: of its folder.
        state: the tree that was saved, its tensors in memory of their own.
        skipped: a sentence for each newer one that was passed over.
    """

    path: Path
    manifest: Manifest
    state: Tree
    skipped: tuple[str, ...] = ()


def read_newest(run: Run, mesh: DeviceMesh | None = None) -> Found | None:
    """The newest checkpoint of a run that verifies, None where there is none.

    What is passed over is logged, each with the reason. Writes nothing.

    Args:
        mesh: see `read_checkpoint`.

    Raises:
        NewerFormatError: one was written by a newer stride: it is not passed over, as it is whole.
        StorageError: the folder of the checkpoints cannot be read.
    """
    skipped: list[str] = []
    for folder in run.checkpoint_paths.committed():
        try:
            found = read_checkpoint(folder.path, mesh)
            _check_name(folder, found.manifest)
        except NewerFormatError:
            raise
        except (StoredFileError, VerificationError, StorageError) as error:
            skipped.append(f"checkpoint {folder.name} is passed over: {error}")
            _logger.warning("%s", skipped[-1])
            continue
        return Found(found.path, found.manifest, found.state, tuple(skipped))
    return None


def _check_name(folder: CheckpointFolder, manifest: Manifest) -> None:
    """Whether a checkpoint is of the step that its folder is named after, which orders them.

    Raises:
        VerificationError: it is not.
    """
    if folder.order[0] != manifest.position.step:
        raise VerificationError(f"{folder.path} holds step {manifest.position.step}")


def read_checkpoint(path: Path, mesh: DeviceMesh | None = None) -> Found:
    """Verify one checkpoint and read it; no rank waits for another.

    Args:
        mesh: of all ranks: tensors that were sharded when they were saved come as the parts of this
            rank, on its device. None: all are whole, on the CPU.

    Raises:
        VerificationError: a file is not what was written.
        StoredFileError: a file is missing, or cannot be understood.
        NewerFormatError: it was written by a newer stride.
        StorageError: a file cannot be read.
    """
    folder = CheckpointFolder(path)
    manifest = read_manifest(folder.manifest_path)
    verify(folder, manifest.files)
    try:
        skeleton = read_json(folder.state_path)
        state = _state_of(skeleton, folder, manifest, mesh)
    except FileNotFoundError as error:
        raise StoredFileError(f"{folder.state_path} is missing") from error
    except ValueError as error:
        if isinstance(error, StorageError):
            raise
        raise StoredFileError(f"{folder.state_path} cannot be understood: {error}") from error
    return Found(path, manifest, state)


def _state_of(
    skeleton: JSON, folder: CheckpointFolder, manifest: Manifest, mesh: DeviceMesh | None
) -> Tree:
    if not shards_among(manifest.files):
        return decode_tree(skeleton, read_tensors(folder.tensors_path))
    # Only here: it takes seconds to import, and other trainings need nothing of it.
    from stride.training.checkpoints.shard_reader import read_sharded

    return read_sharded(skeleton, folder.path, mesh)
