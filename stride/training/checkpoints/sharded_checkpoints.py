"""The checkpoints of a training whose weights are spread over ranks: each writes what it holds."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from torch import Tensor

from stride.config.checkpoint_kwargs import CheckpointKwargs
from stride.errors import ConfigError, StorageError
from stride.json_text import JSON
from stride.store.position import Position
from stride.training.checkpoints.checkpoints import Checkpoints, Saved
from stride.training.checkpoints.moment import Moment
from stride.training.checkpoints.shard_content import ShardContent
from stride.training.checkpoints.shard_copy import copy_shards
from stride.training.checkpoints.sharded_tree import encode_sharded
from stride.training.checkpoints.staging_buffer import StagingBuffer, on_gpu
from stride.training.checkpoints.tensor_file import shapes_of
from stride.training.ranks.ranks import Ranks
from stride.training.sharding.local import is_sharded, local_of
from stride.training.sharding.sharding import Sharding

OWN = "ranks"
"""Where in the state stands what a rank has of its own: a list, empty on the first rank."""


class ShardedCheckpoints:
    """One on each rank; all of them save at the same steps.

    The first rank decides, names the folder, writes what is whole, and commits. Tensors are written
    in the background unless the settings say otherwise, over a group of their own.

    Args:
        first: the checkpoints of the run, on the first rank; None on the others.
    """

    def __init__(
        self,
        first: Checkpoints | None,
        settings: CheckpointKwargs,
        sharding: Sharding,
        ranks: Ranks,
    ) -> None:
        self._first = first
        self._background = settings.background
        self._sharding = sharding
        self._ranks = ranks
        self._buffer = StagingBuffer()
        self._thread: threading.Thread | None = None

    def prepare(self, state: Mapping[str, Any]) -> None:
        """Allocate the copy of what this rank holds, in the background; see `Checkpoints`.

        Raises:
            ConfigError: a checkpoint cannot hold the state.
        """
        _, _, tensors = self._encoded(state)
        if self._background:
            self.finish()
            parts = {name: local_of(tensor) for name, tensor in tensors.items()}
            shapes, pinned = shapes_of(parts), on_gpu(parts)

            def allocate() -> None:
                with contextlib.suppress(StorageError):  # the first save tries again, and says it
                    self._buffer.prepare(shapes, pinned=pinned)

            self._start(allocate)

    def save(
        self,
        state: Mapping[str, Any],
        position: Position,
        *,
        digests: Mapping[str, str] = MappingProxyType({}),
        best: bool = False,
        epoch_end: bool = False,
    ) -> None:
        """Take a checkpoint of this moment; see `Checkpoints`. Each rank must call this.

        Args:
            state: of the same form on each rank but for `OWN`. Tensors that are not sharded are
                those of the first rank.
        """
        began = time.perf_counter()
        self.finish()
        moment = Moment(position, dict(digests), best, epoch_end)
        if self._ranks.broadcast(self._first is not None and self._first.has(moment)):
            return
        skeleton: JSON = None
        own: list[JSON] = []
        tensors: Mapping[str, Tensor] = {}
        failure: str | None = None
        try:
            skeleton, own, tensors = self._encoded(state)
            if self._background:
                tensors = copy_shards(tensors, self._buffer, self._sharding.cpu_mesh)
        except (StorageError, ConfigError) as error:
            failure = str(error)
        size = sum(local_of(tensor).nbytes for tensor in tensors.values())
        told = self._ranks.gather([failure, size, own])
        failed = [f"rank {rank}: {each[0]}" for rank, each in enumerate(told) if each[0]]
        if failed:
            if self._first is not None:
                self._first.fail(position, StorageError(failed[0]))
            return
        content = ShardContent(tensors, sum(each[1] for each in told), self._sharding.group)
        if self._first is not None:
            assert isinstance(skeleton, dict)
            skeleton[OWN] = [one for each in told for one in each[2]]
            self._first.write(skeleton, content, moment, began)
        elif self._background:
            self._start(content.follow)
        else:
            content.follow()

    def outcomes(self) -> list[Saved]:
        """Those that were committed since the last call, as far as this rank knows."""
        return [] if self._first is None else self._first.outcomes()

    def finish(self) -> None:
        """Wait for the one that is being written."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._first is not None:
            self._first.finish()

    def _encoded(self, state: Mapping[str, Any]) -> tuple[JSON, list[JSON], dict[str, Tensor]]:
        """The state as JSON, that of this rank alone, and the tensors that this rank writes."""
        own = encode_sharded(state[OWN], rank=self._ranks.rank)
        common = encode_sharded({**state, OWN: []})
        tensors = {
            name: tensor
            for name, tensor in common.tensors.items()
            if self._ranks.is_first or is_sharded(tensor)
        }
        assert isinstance(own.skeleton, list)
        return common.skeleton, own.skeleton, {**tensors, **own.tensors}

    def _start(self, work: Callable[[], None]) -> None:
        self._thread = threading.Thread(target=work, name="checkpoint", daemon=True)
        self._thread.start()
