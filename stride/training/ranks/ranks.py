"""Ranks: the processes that train one model together, as one of them sees them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, final

from stride.training.ranks.message import decode, encode

if TYPE_CHECKING:
    from torch import Tensor


class Ranks(ABC):
    """What one process says to the others, and hears of them.

    All methods but the last two are meetings: every rank calls them, in the same order, or all
    wait. A meeting that breaks raises the `RankFailedError` of the rank that failed first.

    Attributes:
        rank: which of them this process is, from 0.
        world_size: how many there are.
        local_rank: which of those on this machine it is, from 0.
        nodes: how many machines they are on.
    """

    rank: int
    world_size: int
    local_rank: int
    nodes: int

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that decides, writes and answers."""
        return self.rank == 0

    @abstractmethod
    def sum_tensors(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over all ranks, with the same bits on each of them.

        How tensors are grouped and in which order numbers are added is a function of their
        shapes and types only, so the first call after a resume adds as the one before it did.

        Args:
            tensors: dense tensors on the device of this rank or on the CPU, of the same shapes,
                types and order on each rank.
        """

    @abstractmethod
    def sum_numbers(self, numbers: Sequence[float]) -> list[float]:
        """The sums over all ranks in float64: rank 0 + rank 1 + ..., added in this order.

        Args:
            numbers: as many on each rank.
        """

    @abstractmethod
    def broadcast(self, value: Any) -> Any:
        """What rank 0 says, on every rank.

        Args:
            value: None, bool, int, float (also nan), str, bytes, and lists and dictionaries of
                them; tuples arrive as lists. What other ranks give is not looked at.
        """

    @abstractmethod
    def gather(self, value: Any) -> list[Any]:
        """What each rank says, in the order of ranks, on every rank; values as in `broadcast`."""

    @abstractmethod
    def broadcast_tensors(self, tensors: Sequence[Tensor]) -> None:
        """Overwrite the tensors with those of rank 0, exactly; sizes as in `sum_tensors`."""

    @abstractmethod
    def barrier(self) -> None:
        """Wait until every rank is here."""

    @abstractmethod
    def cause(self, error: BaseException) -> BaseException:
        """The error that names the training's end: that of the rank that failed first.

        Where one rank fails, the meetings of the others break with errors of the network. May
        wait some seconds for the message of the other rank. It is no meeting.

        Args:
            error: what was raised here.

        Returns:
            A `RankFailedError` where another rank failed first; `error` where none did, or where
            it is what all find, as a mistake in the config.
        """

    @abstractmethod
    def before_ending(self, tell: Callable[[str], None]) -> None:
        """Have something done before this process is ended because another rank failed.

        Args:
            tell: called with the sentence of the first failure, in another thread and within
                seconds; the process ends after it, whatever the main thread was doing.
        """


@final
class OneRank(Ranks):
    """A process that trains alone: whatever it says, it hears."""

    rank = 0
    world_size = 1
    local_rank = 0
    nodes = 1

    def sum_tensors(self, tensors: Sequence[Tensor]) -> None:
        """Leave them as they are."""

    def sum_numbers(self, numbers: Sequence[float]) -> list[float]:
        """The numbers themselves."""
        return [float(number) for number in numbers]

    def broadcast(self, value: Any) -> Any:
        """The value as it would arrive: what cannot be said among several is no secret of one."""
        return decode(encode(value))

    def gather(self, value: Any) -> list[Any]:
        """The one value."""
        return [decode(encode(value))]

    def broadcast_tensors(self, tensors: Sequence[Tensor]) -> None:
        """Leave them as they are."""

    def barrier(self) -> None:
        """Go on."""

    def cause(self, error: BaseException) -> BaseException:
        """The error itself: there is nobody else."""
        return error

    def before_ending(self, tell: Callable[[str], None]) -> None:
        """Nothing: nobody else ends this process."""


ONE = OneRank()
