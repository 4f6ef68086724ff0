"""A contestant that is timed as if for the first time: what it left behind is taken away before."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.contestant import Contestant


class Afresh(Contestant):
    """Something is done before each repeat, which is not timed.

    Args:
        inner: what is timed.
        before: what is done before.
    """

    def __init__(self, inner: Contestant, before: Callable[[], None]) -> None:
        self._inner = inner
        self._before = before

    def repeat(self) -> float:
        self._before()
        return self._inner.repeat()
