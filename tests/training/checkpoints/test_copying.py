"""A copy is a copy, however many threads make it and however the tensors lie."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from stride.training.checkpoints.copying import copy_tensors
from tests.training.checkpoints.trees import bits_of


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
def test_large_and_small_and_turned_tensors_are_copied_to_the_last_bit() -> None:
    sources = [
        torch.randn(3_000_001),
        torch.randn(1000, 700, dtype=torch.float64).t(),
        torch.randn(2_000_000).to(torch.bfloat16),
        torch.randn(500_000) > 0,
        torch.randn(40_000)[::2],
        torch.tensor(3),
        torch.zeros(0, 5),
        torch.ones(100_000, requires_grad=True),
        *torch.randn(200, 5000).unbind(),
    ]
    targets = [torch.empty(one.shape, dtype=one.dtype) for one in sources]
    copy_tensors(sources, targets, pinned=False)
    for source, target in zip(sources, targets, strict=True):
        assert bits_of(target) == bits_of(source)
