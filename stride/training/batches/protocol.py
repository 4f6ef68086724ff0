"""The batches of one split, as the loop asks for them: an epoch cut into windows, the samples of
one optimiser step each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol


class Batches(Protocol):
    """The batches of one split, epoch after epoch, on the device.

    What an epoch holds is a function of the seed and its number, wherever it is begun and however
    many processes load it; the global generators are as they were whenever a window is handed out.
    """

    @property
    def samples(self) -> int:
        """Samples in an epoch; 0 where that is not known."""

    @property
    def batch_size(self) -> int:
        """Samples of one optimiser step; the last may have fewer."""

    @property
    def resuming(self) -> str:
        """How it goes on in the middle of an epoch: `by position`, where nothing is read again,
        `by its state_dict`, or `by skipping`, where all before is read and dropped.
        """

    def __len__(self) -> int:
        """Windows in an epoch; 0 where that is not known."""

    def __iter__(self) -> Iterator[Any]:
        """The batches of the first epoch."""

    def epoch(self, epoch: int) -> Iterator[Any]:
        """The batches of an epoch, counted from 1, each whole: for evaluation, and for people."""

    def windows(self, epoch: int, *, start: int = 0, parts: int = 1) -> Iterator[tuple[Any, ...]]:
        """The windows of an epoch, a tuple of micro-batches for each optimiser step.

        Args:
            epoch: counted from 1.
            start: windows that are left out at the beginning.
            parts: into how many micro-batches a window is cut, each of
                `ceil(batch_size / parts)` samples but the last; a short window has fewer.
        """

    def indices(self, epoch: int, window: int) -> list[int] | None:
        """The samples of a window, counted from 0, by their index; None where that is not known."""

    def state_dict(self) -> dict[str, Any]:
        """What must be put back to go on after the windows that were handed out; empty where the
        position says it all.
        """

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take such a state; the next call of `windows` goes on from it, if it asks for the place
        that the state was taken at.
        """

    def rest(self) -> None:
        """Let worker processes go; the next epoch starts new ones."""
