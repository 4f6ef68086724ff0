"""Copying the state: all tensors at once, each thread at its own pace.

The thread pool of torch meets after every tensor, so that one core that is busy with something
else, as with loading, holds up each of hundreds of meetings. Here the threads take piece after
piece, and meet once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stride.training.checkpoints.tensor_file import byte_array_of

_PIECE = 2**22
_LARGE = 2**17
"""Bytes from which on torch would share out the copy of one tensor, and a little more."""

_MOST_THREADS = 8
"""More do not make memory faster."""

_Piece = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


def copy_tensors(sources: Sequence[Tensor], targets: Sequence[Tensor], *, pinned: bool) -> None:
    """Copy each tensor into its target: of the same type and shape, contiguous, on the CPU.

    Args:
        sources: on any device.
        targets: their memory does not overlap.
        pinned: whether copies from a GPU may run on; they are done when this returns.
    """
    pieces: deque[_Piece] = deque()
    others: list[tuple[Tensor, Tensor]] = []
    for source, target in zip(sources, targets, strict=True):
        if target.nbytes >= _LARGE and source.device.type == "cpu" and source.is_contiguous():
            pieces += _cut(byte_array_of(source), byte_array_of(target))
        else:
            others.append((source, target))
    threads = min(torch.get_num_threads(), len(pieces) // 2, _MOST_THREADS)
    helpers = [threading.Thread(target=_copy, args=(pieces,)) for _ in range(threads - 1)]
    try:
        for helper in helpers:
            helper.start()
        if others:
            with torch.no_grad():
                torch._foreach_copy_(
                    [target for _, target in others],
                    [source for source, _ in others],
                    non_blocking=pinned,
                )
        _copy(pieces)
    finally:
        pieces.clear()  # where it was interrupted: nothing is written any more when this returns
        for helper in helpers:
            if helper.ident is not None:
                helper.join()
    if pinned:
        torch.cuda.synchronize()


def _cut(source: np.ndarray[Any, Any], target: np.ndarray[Any, Any]) -> list[_Piece]:
    return [
        (source[begin : begin + _PIECE], target[begin : begin + _PIECE])
        for begin in range(0, len(source), _PIECE)
    ]


def _copy(pieces: deque[_Piece]) -> None:
    """Take pieces until there are none; NumPy lets other threads run meanwhile."""
    while True:
        try:
            source, target = pieces.popleft()
        except IndexError:
            return
        target[:] = source
