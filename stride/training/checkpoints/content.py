"""The bytes of a file of tensors, and how often they may be asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Content:
    """The bytes of a file, in pieces that are not copied together.

    Attributes:
        names: of the tensors.
        size: of the file, in bytes.
        pieces: gives the bytes in order, from the beginning at each call.
    """

    names: tuple[str, ...]
    size: int
    pieces: Callable[[], Iterator[bytes | memoryview]]
