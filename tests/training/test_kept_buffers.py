"""The kept buffers: a batch that is left out leaves no trace in them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from stride.training.kept_buffers import KeptBuffers


class Remembering(nn.Module):
    """Batch norm by counting, and a buffer that is put in the place of the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(2, momentum=None)
        self.register_buffer("mean", torch.zeros(2))

    def forward(self, inputs: Tensor) -> Tensor:
        self.mean = 0.9 * self.mean + 0.1 * inputs.mean(0)
        outputs: Tensor = self.norm(inputs)
        return outputs


@pytest.mark.parametrize("flag", [None, torch.ones(())])
def test_all_buffers_are_put_back_also_those_that_were_replaced(flag: Tensor | None) -> None:
    model = Remembering()
    kept = KeptBuffers([model])
    model(torch.randn(4, 2))
    kept.keep()
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    model(torch.full((4, 2), math.nan))
    kept.put_back(flag)
    assert all(torch.equal(buffer, before[name]) for name, buffer in model.named_buffers())


def test_where_the_flag_is_down_nothing_is_put_back() -> None:
    model = Remembering()
    kept = KeptBuffers([model])
    kept.keep()
    model(torch.randn(4, 2))
    kept.put_back(torch.zeros(()))
    assert int(model.norm.num_batches_tracked) == 1  # type: ignore[arg-type]
    assert bool(model.mean.any())
