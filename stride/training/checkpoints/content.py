"""The tensors of a checkpoint, as they are written: here in one file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from stride.store.checkpoint_manifest import FileFacts
from stride.store.checkpoint_paths import CheckpointFolder
from stride.store.checkpoint_proof import verify
from stride.training.checkpoints.durable_file import forget_cached, write_file
from stride.training.checkpoints.tensor_file import check_readable


class Content(Protocol):
    """The tensors of one moment."""

    @property
    def size(self) -> int:
        """Of the files, in bytes."""

    def write(self, folder: CheckpointFolder) -> Mapping[str, FileFacts]:
        """Write them durably and read them back; the facts of their files, by name.

        Raises:
            StorageError: the disk refused.
            VerificationError: what was read back is not what was written.
        """

    def close(self) -> None:
        """Nothing more will be written."""


@dataclass(frozen=True)
class OneFile:
    """The bytes of one file, in pieces that are not copied together.

    Attributes:
        names: of the tensors.
        size: of the file, in bytes.
        pieces: gives the bytes in order, from the beginning at each call.
    """

    names: tuple[str, ...]
    size: int
    pieces: Callable[[], Iterator[bytes | memoryview]]

    def write(self, folder: CheckpointFolder) -> Mapping[str, FileFacts]:
        """See `Content`."""
        path = folder.tensors_path
        facts = write_file(path, self.pieces())
        forget_cached(path)
        files = {folder.name_of(path): facts}
        verify(folder, files)
        check_readable(path, self.names)
        return files

    def close(self) -> None:
        """Nothing to tell anybody."""
