"""Failure: what ended a training of several ranks, said by the rank where it happened."""

from __future__ import annotations

from dataclasses import dataclass

from stride.errors import RankFailedError


@dataclass(frozen=True)
class Failure:
    """The first failure among the ranks.

    Attributes:
        rank: where it happened.
        host: the machine of that rank.
        message: what happened, as the end of a sentence that begins with the rank.
    """

    rank: int
    host: str
    message: str

    def __str__(self) -> str:
        """As in `rank 1 on node03 failed: ValueError: no such file`."""
        return f"rank {self.rank} on {self.host} {self.message}"

    def error(self) -> RankFailedError:
        """The failure as an error of the ranks that it ends."""
        return RankFailedError(str(self))


def described(error: BaseException) -> str:
    """What is said of an error to the other ranks, as in `failed: ValueError: no such file`."""
    text = str(error)
    return f"failed: {type(error).__name__}{': ' if text else ''}{text}"
