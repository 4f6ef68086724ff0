"""Runs with checkpoints for the tests of what is kept: real files, and no training."""

from __future__ import annotations

import os
from pathlib import Path

from stride.files import sha256_of, sha256_of_file, write_json
from stride.store.checkpoint_manifest import FileFacts, Manifest, encode_manifest
from stride.store.checkpoint_paths import CheckpointFolder
from stride.store.position import Position
from stride.store.record import BestRecord
from stride.store.run import Run
from stride.store.work_dir import WorkDir

SIZE = 1000
"""Bytes of the tensors of a checkpoint, and of a file of weights."""


def completed(experiment: WorkDir, *, name: str | None = None, value: float = 0.5) -> Run:
    """A run that was trained to its end."""
    run = experiment.create({"optimizer_kwargs": {"lr": value}}, name=name)
    with run.start() as attempt:
        run.metrics.append({"epoch": 1, "step": 10, "val_loss": value})
        attempt.sign(step=10, epoch=1, max_epochs=1, metrics={"val_loss": value})
        attempt.best(
            BestRecord(
                monitor="val_loss", mode="min", value=value, epoch=1, step=10, weights="best"
            )
        )
        attempt.digest("best.safetensors", write_weights(run, b"b"))
    return run


def stopped(experiment: WorkDir) -> Run:
    """A run that was asked to stop, and can go on."""
    run = experiment.create({})
    with run.start() as attempt:
        attempt.digest("best.safetensors", write_weights(run, b"s"))
        attempt.stop("asked to")
    return run


def write_weights(run: Run, letter: bytes) -> str:
    """Write the best weights; gives their digest."""
    run.weights_path.mkdir(exist_ok=True)
    path = run.weights_file("best")
    path.unlink(missing_ok=True)
    path.write_bytes(letter * SIZE)
    return sha256_of_file(path)


def add_checkpoint(
    run: Run, step: int, *, best: bool = False, weights: bytes | None = None
) -> CheckpointFolder:
    """A checkpoint as a training writes it, its best weights linked to those of the run.

    Args:
        weights: letters of best weights that the run has no longer; None: those that it has.
    """
    folder = run.checkpoint_paths.folder(step)
    folder.weights_path.mkdir(parents=True)
    folder.tensors_path.write_bytes(step.to_bytes(4, "big") * (SIZE // 4))
    write_json(folder.state_path, {"step": step})
    linked = folder.weights_file("best.safetensors")
    if weights is None:
        os.link(run.weights_file("best"), linked)
    else:
        linked.write_bytes(weights * SIZE)
    files = (folder.tensors_path, folder.state_path, linked)
    manifest = Manifest(
        created="2026-11-20T00:00:00.000Z",
        position=Position(step, 1, step),
        epoch_end=True,
        best=best,
        versions={},
        files={
            folder.name_of(path): FileFacts(
                size=path.stat().st_size, digest=sha256_of(path.read_bytes())
            )
            for path in files
        },
    )
    folder.manifest_path.write_bytes(encode_manifest(manifest))
    write_json(run.checkpoint_paths.newest_path, {"checkpoint": folder.name, "step": step})
    return folder


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with its bytes; links with where they lead."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = bytes(path.readlink())
        elif path.is_file():
            found[name] = path.read_bytes()
        else:
            found[name] = b"/"
    return found
