"""The built-in samplers: weighted, balanced over classes, by length."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import Dataset, IterableDataset, Subset, TensorDataset

from stride.errors import DataError
from stride.training.batches.samplers import Balanced, ByLength, Weighted

CLASSES = torch.tensor([0] * 90 + [1] * 9 + [2])
DATA = TensorDataset(torch.arange(100.0), CLASSES)


class Texts(Dataset[int]):
    """A data set that knows its lengths and classes, and is never asked for a sample."""

    lengths = tuple((number * 37) % 101 for number in range(101))
    targets = tuple(number % 2 for number in range(101))

    def __len__(self) -> int:
        return 101


def _classes(found: torch.Tensor) -> list[int]:
    return torch.bincount(CLASSES[found], minlength=3).tolist()


@given(st.integers(0, 2**31 - 1), st.integers(1, 1000))
def test_an_epoch_is_a_function_of_seed_and_epoch_alone(seed: int, epoch: int) -> None:
    for sampler in (Weighted(DATA), Balanced(DATA)):
        found = sampler.indices(seed, epoch)
        torch.rand(3)
        assert torch.equal(sampler.indices(seed, epoch), found)
        assert not torch.equal(sampler.indices(seed, epoch + 1), found)
    by_length = ByLength(Texts(), 8)
    assert by_length.indices(seed, epoch) == ByLength(Texts(), 8).indices(seed, epoch)
    assert by_length.indices(seed, epoch) != by_length.indices(seed + 1, epoch)


def test_weighted_draws_as_often_as_the_weights_say() -> None:
    weights = [0.0] * 90 + [1.0] * 9 + [3.0]
    found = Weighted(DATA, weights, samples=20_000).indices(1, 1)
    assert len(found) == 20_000
    none, nine, one = _classes(found)
    assert none == 0
    assert one / nine == pytest.approx(1 / 3, rel=0.1)


def test_weighted_without_weights_draws_each_class_as_often() -> None:
    found = Weighted(DATA, samples=30_000).indices(1, 1)
    assert _classes(found) == pytest.approx([10_000] * 3, rel=0.1)
    assert len(Weighted(DATA).indices(1, 1)) == 100


@pytest.mark.parametrize(
    "weights", [[1.0], [0.0] * 100, [-1.0, *[1.0] * 99], [float("inf"), *[1.0] * 99]]
)
def test_weights_that_say_nothing_are_refused(weights: list[float]) -> None:
    with pytest.raises(DataError, match="must be 100 numbers, one a sample"):
        Weighted(DATA, weights)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(1, 12))
def test_balanced_takes_each_class_as_often_and_none_again_before_all(
    classes: list[int], per_class: int
) -> None:
    targets = torch.tensor(classes)
    found = Balanced(TensorDataset(targets, targets), per_class).indices(3, 2)
    for each in set(classes):
        counts = torch.bincount(found[targets[found] == each], minlength=len(classes))
        of_class = counts[targets == each]
        assert int(of_class.sum()) == per_class
        assert int(of_class.max()) - int(of_class.min()) <= 1


def test_a_balanced_epoch_is_about_as_long_as_the_data() -> None:
    assert _classes(Balanced(DATA).indices(0, 1)) == [33, 33, 33]


@given(st.integers(1, 30), st.integers(1, 9))
def test_by_length_gives_every_sample_once_in_batches_of_similar_length(
    size: int, pool: int
) -> None:
    batches = ByLength(Texts(), size, pool=pool).indices(1, 1)
    assert sorted(index for batch in batches for index in batch) == list(range(101))
    assert max(len(batch) for batch in batches) <= size
    padding = [
        max(Texts.lengths[index] for index in batch) - Texts.lengths[index]
        for batch in ByLength(Texts(), 8).indices(1, 1)
        for index in batch
    ]
    assert sum(padding) / len(padding) < 8


def test_classes_and_lengths_are_found_below_subsets() -> None:
    part = Subset(Texts(), [5, 7, 10])
    assert sorted(ByLength(part, 1).indices(1, 1)) == [[0], [1], [2]]
    assert _classes(Balanced(Subset(DATA, range(85, 95))).indices(1, 1) + 85) == [5, 5, 0]


class Nameless(Dataset[int]):
    def __len__(self) -> int:
        return 3


class Stream(IterableDataset[int]):
    targets = (0, 1)

    def __iter__(self) -> Iterator[int]:
        return iter(())


def test_data_that_does_not_tell_is_refused_with_what_is_needed() -> None:
    with pytest.raises(DataError, match="Nameless has no attribute `targets`"):
        Balanced(Nameless())
    with pytest.raises(DataError, match="Nameless has no attribute `lengths`"):
        ByLength(Nameless(), 4)
    with pytest.raises(DataError, match="one number a sample, 3 in all"):
        ByLength(Nameless(), 4, lengths=[1.0])
    with pytest.raises(DataError, match=r"integers, one a sample; the targets are torch.float32"):
        Balanced(TensorDataset(torch.arange(3), torch.arange(3.0)))
    with pytest.raises(DataError, match="Stream has none"):
        Weighted(Stream())
