"""Learned uncertainty: what it settles at."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stride.training.balancing.uncertainty import Uncertainty


@given(losses=st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=5))
def test_where_losses_stand_still_the_uncertainty_is_twice_the_loss(losses: list[float]) -> None:
    method = Uncertainty(len(losses), torch.device("cpu"))
    assert method.weights().tolist() == [1.0] * len(losses)
    with torch.no_grad():
        method.log_variances.copy_((2 * torch.tensor(losses)).log())
    method.total([torch.tensor(loss) for loss in losses], 1.0).backward()
    assert method.log_variances.grad is not None
    assert method.log_variances.grad.tolist() == pytest.approx([0.0] * len(losses), abs=1e-5)
    assert method.weights().tolist() == pytest.approx([1 / (2 * loss) for loss in losses])
