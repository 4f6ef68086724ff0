"""The known ledger: that of a rank which writes nothing down, and knows what the first has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from stride.store.record import BestRecord
from stride.training.checkpoints.reading import Found
from stride.training.ledger import Ledger, Row
from stride.training.parts import Parts, share_weights
from stride.training.sharded_weights import ShardedWeights


@final
class KnownLedger(Ledger):
    """That of any other rank: it writes nothing, and knows what the first has written."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._sharded = None if parts.sharding is None else ShardedWeights(parts)
        self._bests: dict[str, BestRecord] = {}
        self._last: dict[str, Any] = {}

    def step_row(self, row: Row) -> None:
        """Nothing."""

    def evaluation_row(self, row: Row) -> None:
        """Nothing."""

    def timing_row(self, row: Row) -> None:
        """Nothing."""

    def sign(
        self,
        step: int,
        epoch: int,
        *,
        metrics: Mapping[str, float] | None = None,
        promise: float = 60.0,
    ) -> None:
        """Remember the values."""
        self._last |= dict(metrics or {})

    def best(self, best: BestRecord) -> None:
        """Remember it."""
        self._bests[best.monitor] = best

    @property
    def bests(self) -> tuple[BestRecord, ...]:
        """Those remembered."""
        return tuple(self._bests.values())

    @property
    def last(self) -> Mapping[str, Any]:
        """Those remembered."""
        return self._last

    def digests(self) -> dict[str, str]:
        """None: the first rank writes the checkpoint."""
        return {}

    def rewind(
        self, bests: tuple[BestRecord, ...], last: Mapping[str, Any], step: int, epoch: int
    ) -> None:
        """Remember those."""
        self._bests = {each.monitor: each for each in bests}
        self._last = dict(last)

    def put_back(self, found: Found, *, logged: int, evaluated: int) -> None:
        """Nothing."""

    def write_weights(self, name: str) -> None:
        """Help where weights are sharded."""
        if self._sharded is not None:
            self._sharded.write(name)

    def load_weights(self, name: str) -> None:
        """Take those that the first rank has loaded, or its part of them."""
        if self._sharded is not None:
            self._sharded.load(name)
        else:
            share_weights(self._parts.model, self._parts.task, self._parts.ranks)

    def results(self, results: Mapping[str, float]) -> None:
        """Nothing."""
