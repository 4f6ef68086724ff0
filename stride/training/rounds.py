"""Rounds: batches that are dealt to ranks, each of which must have one while another has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from stride.training.ranks.exchange import exchange
from stride.training.ranks.ranks import Ranks


def in_step(
    batches: Iterator[Any], ranks: Ranks, device: torch.device
) -> Iterator[tuple[Any, bool]]:
    """As many batches on each rank, and whether they are its own: who has none left takes its last
    one again, and who never had one that of the first rank.

    Raises:
        TypeError: a batch must be given to another rank, and is not made of tensors and numbers.
    """
    last: Any = None
    while True:
        batch = next(batches, None)
        last = last if batch is None else batch
        told = ranks.gather([batch is not None, last is not None])
        if not any(has for has, _ in told):
            return
        if not all(had for _, had in told):
            first = exchange(ranks, batch if ranks.is_first else None, device)[0]
            last = first if last is None else last
        yield last, batch is not None
