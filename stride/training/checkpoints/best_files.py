"""The files of best weights at a resume: those of the checkpoint's moment are put back."""

from __future__ import annotations

from stride.files import fsync_folder, sha256_of_file, storage_errors
from stride.store.checkpoint_paths import CheckpointFolder
from stride.store.run import Run
from stride.training.checkpoints.held_file import HeldFile
from stride.training.checkpoints.reading import Found

_BEST = "best*.safetensors"


def put_back_best_files(run: Run, found: Found) -> None:
    """Make the files of best weights those that the manifest names, by their digests.

    One that became best after the checkpoint is replaced by the link that the checkpoint keeps, or
    removed where there was none yet: the training that goes on will write it again.

    Raises:
        StorageError: the disk refused.
    """
    folder = CheckpointFolder(found.path)
    weights = found.manifest.weights
    with storage_errors("write", run.weights_path):
        if weights:
            run.weights_path.mkdir(exist_ok=True)
        changed = False
        for name, digest in weights.items():
            path = run.weights_file(name)
            if path.exists() and sha256_of_file(path) == digest:
                continue
            kept = HeldFile(folder.weights_file(name))
            try:
                kept.replace(path)
            finally:
                kept.close()
            changed = True
        for path in run.weights_path.glob(_BEST):
            if path.name not in weights:
                path.unlink()
                changed = True
        if changed:
            fsync_folder(run.weights_path)
