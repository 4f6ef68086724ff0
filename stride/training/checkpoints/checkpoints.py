"""The checkpoints of one run while it trains: saved in the background, kept by rule."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from stride.config.checkpoint_kwargs import CheckpointKwargs
from stride.errors import ConfigError, StorageError, StoredFileError, StrideError, VerificationError
from stride.json_text import JSON
from stride.store.checkpoint_manifest import Manifest, read_manifest
from stride.store.checkpoint_paths import CheckpointFolder
from stride.store.checkpoint_removal import clear, remove_checkpoint
from stride.store.position import Position
from stride.store.run import Run
from stride.training.checkpoints.content import Content, OneFile
from stride.training.checkpoints.draft import Draft
from stride.training.checkpoints.held_file import HeldFile
from stride.training.checkpoints.kept_digests import keep_digest
from stride.training.checkpoints.moment import Moment
from stride.training.checkpoints.reading import Found
from stride.training.checkpoints.retention import kept
from stride.training.checkpoints.staging_buffer import StagingBuffer, on_gpu
from stride.training.checkpoints.state_tree import EncodedTree, Tree, encode_tree
from stride.training.checkpoints.tensor_file import Shapes, lay_out, shapes_of, straight_from
from stride.training.checkpoints.writing import write_checkpoint

_logger = logging.getLogger(__name__)

_WORTH_SAYING = 0.5
"""Seconds of waiting for the checkpoint before that are logged."""


@dataclass(frozen=True)
class Saved:
    """A checkpoint that was committed.

    Attributes:
        path: of its folder.
        seconds: that writing and proving it took.
        stall: seconds that the training stood still for it.
    """

    path: Path
    position: Position
    seconds: float
    stall: float


class Checkpoints:
    """Saves checkpoints of a run, and removes those that need not be kept.

    A save that fails costs no older checkpoint and ends no training: it is said, counted, and the
    next one tries again. Making the object clears away what killed saves left, and the checkpoints
    that a save did not live to remove.

    Args:
        run: that this process trains.
        settings: which are kept, and whether they are written in the background.
        resumed: the checkpoint that the training went on from, where it is one of this run. It is
            kept until there is a newer one; those that were passed over for it go then.
    """

    def __init__(
        self, run: Run, settings: CheckpointKwargs, *, resumed: Found | None = None
    ) -> None:
        self._run = run
        self._settings = settings
        self._paths = run.checkpoint_paths
        self._buffer = StagingBuffer()
        self._thread: threading.Thread | None = None
        self._saved: deque[Saved] = deque()
        self._failed: deque[str] = deque()
        if resumed is not None and resumed.path.parent != self._paths.path:
            resumed = None  # of another run, which goes on here
        self._newest = None if resumed is None else resumed.manifest
        self.failure: str | None = None
        """The sentence of the last save where that failed, None after a good one."""
        self.failures = 0
        """How many saves failed."""
        for path in self._paths.leftovers():
            clear(path)
        self._manifests = _good_ones(run, resumed)
        # Else each kill between a commit and its pruning would leave one more.
        self._prune(among=list(self._manifests))

    def prepare(self, state: Tree) -> None:
        """Allocate the copy of the state in the background, so that the first save is as fast as
        the others: once the state is complete, as after the first step.

        Raises:
            ConfigError: a checkpoint cannot hold the state.
        """
        tensors = encode_tree(state).tensors
        if self._settings.background and not self._is_writing():
            self._start(self._allocate, shapes_of(tensors), on_gpu(tensors))

    def save(
        self,
        state: Tree,
        position: Position,
        *,
        digests: Mapping[str, str] = MappingProxyType({}),
        best: bool = False,
        epoch_end: bool = False,
    ) -> None:
        """Take a checkpoint of this moment: copy the state, and write it in the background.

        With `background=false` it is written before this returns. Where one is being written still,
        this waits for it. The same moment is not saved twice, unless there is more to say of it.
        What fails is no error here: see `outcomes`.

        Args:
            state: as `encode_tree` takes it; it may change as soon as this returns.
            position: of the training.
            digests: of the files of best weights that belong to this moment, by their names.
            best: whether the first monitor was best at this moment.
            epoch_end: whether an epoch has just ended.
        """
        began = time.perf_counter()
        moment = Moment(position, dict(digests), best, epoch_end)
        if self.has(moment):
            return
        try:
            encoded = encode_tree(state)
            content = self._content(encoded)
        except (StorageError, ConfigError) as error:
            self.fail(position, error)
            return
        self.write(encoded.skeleton, content, moment, began)

    def has(self, moment: Moment) -> bool:
        """Whether it is saved already; waits for the one that is being written."""
        self._wait(moment.position)
        return self._newest is not None and _says(self._newest, moment)

    def write(self, skeleton: JSON, content: Content, moment: Moment, began: float) -> None:
        """Write a checkpoint, in the background unless the settings say otherwise; the content is
        closed at the end of that.

        Args:
            skeleton: the state as JSON, without its tensors.
            content: the tensors.
            began: when the training stopped for it, by `time.perf_counter`.
        """
        try:
            weights = self._hold(moment.digests)
        except StorageError as error:
            content.close()
            self.fail(moment.position, error)
            return
        draft = Draft(
            skeleton=skeleton,
            content=content,
            position=moment.position,
            weights=weights,
            digests=moment.digests,
            best=moment.best,
            epoch_end=moment.epoch_end,
        )
        if self._settings.background:
            self._start(self._write, draft, began, time.perf_counter() - began)
        else:
            self._write(draft, began, None)

    def outcomes(self) -> list[Saved]:
        """Those that were committed since the last call; what failed since is logged, once each."""
        while self._failed:
            _logger.warning(
                "%s; the checkpoints before it are as they were", self._failed.popleft()
            )
        saved = []
        while self._saved:
            saved.append(self._saved.popleft())
        return saved

    def finish(self) -> None:
        """Wait for the one that is being written."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _is_writing(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _wait(self, position: Position) -> None:
        began = time.perf_counter()
        was_writing = self._is_writing()
        self.finish()
        waited = time.perf_counter() - began
        if was_writing and waited >= _WORTH_SAYING:
            _logger.info(
                "the checkpoint of step %d waited %.1f s for the one before it to be written",
                position.step,
                waited,
            )

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        self._thread = threading.Thread(target=work, args=arguments, name="checkpoint", daemon=True)
        self._thread.start()

    def _allocate(self, shapes: Shapes, pinned: bool) -> None:
        with contextlib.suppress(StorageError):  # the first save tries again, and says it
            self._buffer.prepare(shapes, pinned=pinned)

    def _hold(self, names: Iterable[str]) -> dict[str, HeldFile]:
        held: dict[str, HeldFile] = {}
        try:
            for name in names:
                held[name] = HeldFile(self._run.weights_file(name))
        except StorageError:
            _let_go(held)
            raise
        return held

    def _content(self, encoded: EncodedTree) -> Content:
        if self._settings.background:
            return self._buffer.hold(encoded.tensors)
        layout = lay_out(shapes_of(encoded.tensors))
        return OneFile(
            tuple(encoded.tensors),
            len(layout.header) + layout.size,
            lambda: straight_from(encoded.tensors, layout),
        )

    def _write(self, draft: Draft, began: float, stall: float | None) -> None:
        """Write a draft, then remove what need not be kept; in the background, or here."""
        try:
            for table in (self._run.metrics, self._run.steps, self._run.timings):
                table.sync()
            folder, manifest = write_checkpoint(draft, self._paths)
        except Exception as error:  # noqa: BLE001  a thread that ends by an error ends unheard
            self.fail(draft.position, error)
            return
        finally:
            draft.content.close()
            _let_go(draft.weights)
        keep_digest(self._run, manifest)
        self._newest = manifest
        self._manifests[folder] = manifest
        self.failure = None
        self._prune()
        seconds = time.perf_counter() - began
        self._saved.append(
            Saved(folder.path, draft.position, seconds, seconds if stall is None else stall)
        )

    def fail(self, position: Position, error: Exception) -> None:
        """Count a save that failed, to be said."""
        reason = (
            str(error) if isinstance(error, StrideError) else f"{type(error).__name__}: {error}"
        )
        self.failure = f"no checkpoint of step {position.step} was written: {reason}"
        self.failures += 1
        self._failed.append(self.failure)

    def _prune(self, among: Iterable[CheckpointFolder] | None = None) -> None:
        """Remove all but those to keep. What cannot be removed is tried again after the next.

        Args:
            among: those that may be removed; all that there are, unless given.
        """
        keeping = kept(self._manifests, self._settings)
        with contextlib.suppress(StorageError):
            for folder in self._paths.committed() if among is None else among:
                if folder not in keeping:
                    remove_checkpoint(folder, self._paths)
                    self._manifests.pop(folder, None)


def _let_go(files: Mapping[str, HeldFile]) -> None:
    for file in files.values():
        file.close()


def _says(manifest: Manifest, moment: Moment) -> bool:
    """Whether a checkpoint is of this moment and says as much: a second one loses no reason."""
    same = manifest.position == moment.position and dict(manifest.weights) == moment.digests
    return same and manifest.best >= moment.best and manifest.epoch_end >= moment.epoch_end


def _good_ones(run: Run, resumed: Found | None) -> dict[CheckpointFolder, Manifest]:
    """The manifests of the checkpoint that the training went on from and of those before it."""
    if resumed is None:
        return {}
    newest = CheckpointFolder(resumed.path)
    manifests = {newest: resumed.manifest}
    for folder in run.checkpoint_paths.committed():
        if folder.order < newest.order:
            with contextlib.suppress(StorageError, StoredFileError, VerificationError):
                manifests[folder] = read_manifest(folder.manifest_path)
    return manifests
