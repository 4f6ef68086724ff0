"""Failure: what ended a training of several ranks, said by the rank where it happened."""

from __future__ import annotations

from dataclasses import dataclass

from stride.errors import RankFailedError


@dataclass(frozen=True)
class Failure:
    """The first failure among the ranks.

    Attributes:
        rank: where it happened; None where only the launcher knows.
        sentence: what happened, as in `rank 1 on node03 failed: ValueError: no such file`.
    """

    rank: int | None
    sentence: str

    def error(self) -> RankFailedError:
        """The failure as an error of the ranks that it ends."""
        return RankFailedError(self.sentence)


def described(error: BaseException) -> str:
    """What is said of an error to the other ranks, as in `failed: ValueError: no such file`."""
    text = str(error)
    return f"failed: {type(error).__name__}{': ' if text else ''}{text}"
