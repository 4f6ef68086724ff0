"""The staging buffer: one more copy of the state in memory, so that training goes on meanwhile."""

from __future__ import annotations

import contextlib
import mmap
import sys
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from stride.errors import StorageError
from stride.training.checkpoints.content import OneFile
from stride.training.checkpoints.copying import copy_tensors
from stride.training.checkpoints.tensor_file import Layout, Shapes, lay_out, shapes_of

_WIPE_ON_FORK = 18
"""MADV_WIPEONFORK of Linux, which the module mmap does not name."""

_GRAIN = 2**21
"""The allocation is a multiple of this, in bytes, and touched in pieces of it."""


class StagingBuffer:
    """One allocation in the layout of the file of tensors, kept and filled again for each save.

    Copying into it is all that a training waits for. It is pinned where the state is on a GPU.
    """

    def __init__(self) -> None:
        self._memory: Tensor | None = None
        self._pinned = False
        self._shapes: Shapes | None = None
        self._layout: Layout | None = None
        self._views: dict[str, Tensor] = {}

    def prepare(self, shapes: Shapes, *, pinned: bool) -> None:
        """Allocate and touch the memory for such tensors, so that the first save is no slower.

        Raises:
            StorageError: there is not so much memory.
        """
        self._make_room(shapes, pinned=pinned)
        if self._memory is not None and not pinned:
            pages = self._memory.numpy()
            for begin in range(0, len(pages), _GRAIN):
                pages[begin : begin + _GRAIN] = 0

    def hold(self, tensors: Mapping[str, Tensor]) -> OneFile:
        """Copy the tensors; what it gives is valid until the next call.

        Raises:
            StorageError: there is not so much memory.
        """
        layout = self._make_room(shapes_of(tensors), pinned=on_gpu(tensors))
        views = [self._views[name] for name in tensors]
        copy_tensors(list(tensors.values()), views, pinned=self._pinned)
        return OneFile(tuple(tensors), len(layout.header) + layout.size, self._pieces)

    def _pieces(self) -> Iterator[bytes | memoryview]:
        assert self._layout is not None
        yield self._layout.header
        if self._memory is not None and self._layout.size:
            yield self._memory[: self._layout.size].numpy().data

    def _make_room(self, shapes: Shapes, *, pinned: bool) -> Layout:
        if self._layout is not None and shapes == self._shapes:
            return self._layout
        layout = lay_out(shapes)
        if self._memory is None or self._memory.numel() < layout.size or pinned > self._pinned:
            self._layout, self._views = None, {}
            self._memory = None  # before the larger one is there
            self._memory = _allocate(layout.size, pinned=pinned)
            self._pinned = pinned
        memory = self._memory
        self._views = {
            place.name: memory[place.begin : place.end].view(place.dtype).view(place.shape)
            for place in layout.places
        }
        self._shapes, self._layout = shapes, layout
        return layout


def on_gpu(tensors: Mapping[str, Tensor]) -> bool:
    """Whether some of the tensors are on a GPU."""
    return any(tensor.is_cuda for tensor in tensors.values())


def _allocate(size: int, *, pinned: bool) -> Tensor:
    size = max(-(-size // _GRAIN) * _GRAIN, _GRAIN)
    try:
        if pinned:
            return torch.empty(size, dtype=torch.uint8, pin_memory=True)
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except (MemoryError, OSError, RuntimeError) as error:
        raise StorageError(
            f"no memory for the copy of the state, of {size / 1e6:.0f} MB, from which checkpoints"
            " are written; checkpoint_kwargs.background=false needs none"
        ) from error
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # else the next save copies each page for the workers
            memory.madvise(_WIPE_ON_FORK)
    return torch.frombuffer(memory, dtype=torch.uint8)
