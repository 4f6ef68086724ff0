"""Averages of losses: weighted by items, and read in one go."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stride.training.averages import WeightedMeans
from stride.training.loss_reader import LossReader
from stride.training.output import Output


def _read(*outputs: Output) -> tuple[dict[str, float], int | None]:
    reader, means = LossReader(), WeightedMeans()
    for step, output in enumerate(outputs):
        losses = output.losses
        total = losses if isinstance(losses, torch.Tensor) else sum(losses.values())
        reader.add(output, torch.as_tensor(total), step)
    bad = reader.read_into(means)
    return means.means(), bad


def test_a_batch_counts_for_the_items_it_holds() -> None:
    means, bad = _read(Output(torch.tensor(1.0), 3), Output(torch.tensor(5.0), 1))
    assert means == {"loss": 2.0}
    assert bad is None


def test_a_mask_weighs_as_many_as_are_valid_in_it() -> None:
    mask = torch.tensor([True, True, True, False])
    short = torch.tensor([True])
    means, _ = _read(Output(torch.tensor(1.0), mask), Output(torch.tensor(5.0), short))
    assert means == {"loss": 2.0}


def test_a_large_mask_is_summed_when_it_comes() -> None:
    reader = LossReader()
    reader.add(Output(torch.tensor(1.0), torch.ones(100, 100, dtype=torch.bool)), torch.tensor(1.0))
    assert [tensor.numel() for tensor in reader._weights if isinstance(tensor, torch.Tensor)] == [1]


def test_named_losses_have_means_of_their_own_also_where_a_batch_lacks_one() -> None:
    both = {"a": torch.tensor(1.0), "b": torch.tensor(2.0)}
    means, _ = _read(Output(both, 2), Output({"a": torch.tensor(4.0)}, 1))
    assert means == {"loss": pytest.approx(10 / 3), "loss_a": 2.0, "loss_b": 2.0}


def test_a_batch_without_valid_items_says_nothing() -> None:
    means, bad = _read(Output(torch.tensor(3.0), 2), Output(torch.tensor(math.nan), 0))
    assert means == {"loss": 3.0}
    assert bad == 1


def test_the_first_loss_that_is_not_finite_is_found() -> None:
    _, bad = _read(*(Output(torch.tensor(v)) for v in (1.0, math.inf, math.nan)))
    assert bad == 1


def test_a_reading_is_empty_after_it_was_read() -> None:
    reader, means = LossReader(), WeightedMeans()
    reader.add(Output(torch.tensor(1.0)), torch.tensor(1.0))
    reader.read_into(means)
    assert len(reader) == 0
    assert reader.read_into(means) is None
    assert means.means() == {"loss": 1.0}


@given(st.lists(st.tuples(st.floats(-1e3, 1e3, width=32), st.integers(1, 64)), min_size=1))
def test_the_mean_is_that_of_all_items_at_once(batches: list[tuple[float, int]]) -> None:
    means, _ = _read(*(Output(torch.tensor(value), weight) for value, weight in batches))
    items = [value for value, weight in batches for _ in range(weight)]
    assert means["loss"] == pytest.approx(math.fsum(items) / len(items), rel=1e-9, abs=1e-9)


@given(
    steps=st.lists(st.tuples(st.sampled_from("ab"), st.floats(-1e9, 1e9), st.floats(0.0, 64.0))),
    split=st.integers(0, 100),
)
def test_sums_go_on_in_the_middle_with_the_same_bits(
    steps: list[tuple[str, float, float]], split: int
) -> None:
    whole, begun, resumed = WeightedMeans(), WeightedMeans(), WeightedMeans()
    for step in steps:
        whole.add(*step)
    for step in steps[:split]:
        begun.add(*step)
    resumed.load_state_dict(begun.state_dict())
    for step in steps[split:]:
        resumed.add(*step)
    begun.clear()
    assert resumed.means() == whole.means()


@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=12),
    readings=st.sets(st.integers(0, 12)),
    narrow=st.booleans(),
)
def test_the_sums_do_not_depend_on_when_they_are_read(
    sizes: list[int], readings: set[int], narrow: bool
) -> None:
    generator = torch.Generator().manual_seed(0)
    outputs = []
    for size in sizes:
        weight = torch.rand(700 if narrow else 100 * size, generator=generator)
        outputs.append(Output(torch.randn((), generator=generator), weight))
    seen = []
    for edges in (set(), readings):
        reader, means = LossReader(), WeightedMeans()
        for at, output in enumerate(outputs):
            assert isinstance(output.losses, torch.Tensor)
            reader.add(output, output.losses)
            if at in edges:
                reader.read_into(means)
        reader.read_into(means)
        seen.append(means.state_dict())
    assert seen[0] == seen[1]
