"""Which checkpoints are kept: laws that hold for any run and any settings."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from stride.config.checkpoint_kwargs import CheckpointKwargs
from stride.store.checkpoint_manifest import Manifest
from stride.store.checkpoint_paths import CheckpointFolder, CheckpointPaths
from stride.store.position import Position
from stride.training.checkpoints.new_manifest import new_manifest
from stride.training.checkpoints.retention import kept

PATHS = CheckpointPaths(Path("exp/0/checkpoints"))
COUNTS = st.none() | st.integers(1, 5)
SETTINGS = st.builds(
    CheckpointKwargs,
    keep=st.integers(1, 4),
    keep_every_epochs=COUNTS,
    keep_every_steps=COUNTS,
    keep_best=st.booleans(),
)


def one(step: int, epoch: int, epoch_end: bool, best: bool) -> Manifest:
    return new_manifest(Position(step, epoch, 1), {}, epoch_end=epoch_end, best=best)


MANIFESTS = st.dictionaries(
    st.builds(PATHS.folder, st.integers(0, 30), st.integers(1, 2)), st.none(), max_size=12
).flatmap(
    lambda folders: st.fixed_dictionaries(
        {
            folder: st.builds(
                one, st.just(folder.order[0]), st.integers(1, 9), st.booleans(), st.booleans()
            )
            for folder in folders
        }
    )
)


@settings(deadline=None)
@given(MANIFESTS, SETTINGS)
def test_the_newest_are_kept_and_of_each_step_only_the_last(
    manifests: dict[CheckpointFolder, Manifest], settings: CheckpointKwargs
) -> None:
    keeping = kept(manifests, settings)
    steps = sorted({folder.order[0] for folder in manifests}, reverse=True)
    assert set(steps[: settings.keep]) <= {folder.order[0] for folder in keeping}
    assert len({folder.order[0] for folder in keeping}) == len(keeping)
    for folder in keeping:
        assert folder.order == max(
            other.order for other in manifests if other.order[0] == folder.order[0]
        )


@settings(deadline=None)
@given(MANIFESTS, SETTINGS)
def test_what_is_kept_has_a_reason(
    manifests: dict[CheckpointFolder, Manifest], settings: CheckpointKwargs
) -> None:
    keeping = kept(manifests, settings)
    steps = sorted({folder.order[0] for folder in manifests}, reverse=True)
    without_reason = []
    for folder in keeping:
        manifest = manifests[folder]
        every_steps, every_epochs = settings.keep_every_steps, settings.keep_every_epochs
        if not (
            folder.order[0] in steps[: settings.keep]
            or (settings.keep_best and manifest.best)
            or (every_steps and folder.order[0] % every_steps == 0)
            or (every_epochs and manifest.epoch_end and manifest.position.epoch % every_epochs == 0)
        ):
            without_reason.append(folder)
    assert without_reason == []


@settings(deadline=None)
@given(MANIFESTS, SETTINGS, st.integers(31, 40), st.booleans())
def test_what_went_before_does_not_change_what_is_kept_later(
    manifests: dict[CheckpointFolder, Manifest],
    settings: CheckpointKwargs,
    step: int,
    best: bool,
) -> None:
    """Pruning at each save keeps what pruning once at the end would: nothing is missed later."""
    later = {PATHS.folder(step): one(step, 9, True, best)}
    pruned = {folder: manifests[folder] for folder in kept(manifests, settings)}
    assert kept(pruned | later, settings) == kept(manifests | later, settings)


def test_every_nth_epoch_is_kept_as_it_was_at_its_end() -> None:
    settings = CheckpointKwargs(keep=1, keep_every_epochs=2)
    moments = [(10, 1, True), (15, 2, False), (20, 2, True), (30, 3, True), (36, 4, False)]
    manifests = {
        PATHS.folder(step): one(step, epoch, epoch_end, False) for step, epoch, epoch_end in moments
    }
    assert sorted(folder.order[0] for folder in kept(manifests, settings)) == [20, 36]
