"""The means of a window: cut anywhere, they are those of the whole."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stride.training.balancing.window_means import WindowMeans


@given(
    values=st.lists(st.floats(-100, 100), min_size=2, max_size=20),
    cuts=st.sets(st.integers(1, 19), max_size=4),
)
def test_micro_batches_of_any_size_give_the_mean_of_the_whole(
    values: list[float], cuts: set[int]
) -> None:
    rows = torch.tensor(values, dtype=torch.float64)
    edges = [0, *sorted(cut for cut in cuts if cut < len(rows)), len(rows)]
    means = WindowMeans()
    for begin, end in itertools.pairwise(edges):
        part = rows[begin:end]
        means.add([part.mean(), torch.stack([part, part]).mean(1)], float(end - begin))
    (mean, pair), items = means.take()
    assert float(mean) == pytest.approx(float(rows.mean()), abs=1e-9)
    assert pair.tolist() == pytest.approx([float(rows.mean())] * 2, abs=1e-9)
    assert float(items) == len(rows)


@pytest.mark.parametrize("none", [0.0, torch.tensor(0.0)])
def test_a_micro_batch_without_valid_items_weighs_nothing(none: float | torch.Tensor) -> None:
    means = WindowMeans()
    means.add([torch.tensor(2.0)], 3.0)
    means.add([torch.tensor(torch.nan)], none)
    (mean,), items = means.take()
    assert (float(mean), float(items)) == (2.0, 3.0)
