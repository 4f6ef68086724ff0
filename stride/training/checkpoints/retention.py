"""Retention: which checkpoints are kept."""

from __future__ import annotations

from collections.abc import Mapping

from stride.config.checkpoint_kwargs import CheckpointKwargs
from stride.store.checkpoint_manifest import Manifest
from stride.store.checkpoint_paths import CheckpointFolder


def kept(
    manifests: Mapping[CheckpointFolder, Manifest], settings: CheckpointKwargs
) -> set[CheckpointFolder]:
    """Those that are kept: the newest, every n-th, and the best; of one step only the last."""
    of_step: dict[int, CheckpointFolder] = {}
    for folder in sorted(manifests, key=lambda folder: folder.order):
        of_step[folder.order[0]] = folder
    newest_first = list(of_step.values())[::-1]
    keeping = set(newest_first[: settings.keep])
    if settings.keep_best:
        keeping |= set([folder for folder in newest_first if manifests[folder].best][:1])
    return keeping | {
        folder for folder in newest_first if _is_milestone(manifests[folder], settings)
    }


def _is_milestone(manifest: Manifest, settings: CheckpointKwargs) -> bool:
    position = manifest.position
    if settings.keep_every_steps and position.step % settings.keep_every_steps == 0:
        return True
    every = settings.keep_every_epochs
    return bool(every and manifest.epoch_end and position.epoch % every == 0)
