"""The fetcher: what a data set is told before it is asked for samples."""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import Subset

from stride.training.batches.order import Order
from stride.training.batches.sample_batches import SampleBatches
from tests.training.batches.own_data import Squares


class OfEpoch(Squares):
    """Samples that are the epoch that the data set was told last."""

    draws_randomness = False

    def __init__(self) -> None:
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"epoch": torch.tensor(self.epoch)}


@pytest.mark.parametrize("workers", [0, 1])
def test_two_splits_of_one_data_set_each_have_their_own_epoch(workers: int) -> None:
    whole = OfEpoch()

    def batches(first: int, split: str) -> SampleBatches:
        order = Order(10, 5, shuffle=False, drop_last=False, seed=1)
        part = Subset(whole, range(first, first + 10))
        cpu = torch.device("cpu")
        return SampleBatches(part, order, num_workers=workers, seed=1, split=split, device=cpu)

    train, val = batches(0, "train"), batches(10, "val")
    windows = train.windows(3)
    seen = [next(windows)]
    assert [batch["epoch"].unique().tolist() for batch in val.epoch(1)] == [[1], [1]]
    seen += windows
    assert [batch["epoch"].unique().tolist() for (batch,) in seen] == [[3], [3]]
    train.rest()
    val.rest()
