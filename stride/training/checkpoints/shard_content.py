"""The tensors of a checkpoint that several ranks write, each the part that it holds."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed import ProcessGroup

from stride.errors import StorageError, VerificationError
from stride.store.checkpoint_manifest import FileFacts
from stride.store.checkpoint_paths import CheckpointFolder
from stride.training.checkpoints.shard_writer import write_shards

_logger = logging.getLogger(__name__)

_PATH_BYTES = 4096


@dataclass(frozen=True)
class ShardContent:
    """What one rank writes. The first rank calls `write` and `close`, the others `follow`.

    Attributes:
        tensors: by name, of this rank; they must not change before all is written.
        size: of what all ranks write, in bytes, but for headers.
        group: of all ranks, for nothing else.
    """

    tensors: Mapping[str, Tensor]
    size: int
    group: ProcessGroup

    def write(self, folder: CheckpointFolder) -> Mapping[str, FileFacts]:
        """See `Content`; tells the others the folder."""
        self._tell(str(folder.path.absolute()))
        return write_shards(self.tensors, folder.path, self.group)

    def close(self) -> None:
        """Tell the others that there is nothing more."""
        self._tell("")

    def follow(self) -> None:
        """Write to the folders that the first rank says, until it says no more; what fails is the
        first rank's to tell.
        """
        while path := self._hear():
            try:
                write_shards(self.tensors, Path(path), self.group)
            except (StorageError, VerificationError) as error:
                _logger.debug("no checkpoint: %s", error)

    def _tell(self, path: str) -> None:
        data = path.encode("utf-8", "surrogateescape")
        message = torch.zeros(_PATH_BYTES, dtype=torch.uint8)
        if data:
            message[: len(data)] = torch.frombuffer(bytearray(data), dtype=torch.uint8)
        dist.broadcast(message, 0, group=self.group)

    def _hear(self) -> str:
        message = torch.zeros(_PATH_BYTES, dtype=torch.uint8)
        dist.broadcast(message, 0, group=self.group)
        return message.numpy().tobytes().rstrip(b"\0").decode("utf-8", "surrogateescape")
