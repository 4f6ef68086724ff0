"""The randomness of samples: which data sets may draw, and what they are seeded by."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import ConcatDataset, Dataset, Subset, TensorDataset

from stride.training.batches.sample_randomness import (
    kept_generators,
    may_draw,
    mixed,
    private_generators,
    seed_generators,
    takes_generator,
)
from stride.training.datasets.mapped_data import MappedData
from stride.training.datasets.tensor_data import TensorData
from tests.training.batches.own_data import Given, Noisy, Private, Squares, global_numbers

TENSORS = TensorDataset(torch.arange(4.0), torch.arange(4))


class Augmented(TensorDataset):
    """Tensors that are changed when they are fetched."""

    def __getitem__(self, index: int) -> tuple[torch.Tensor, ...]:
        return tuple(tensor + random.random() for tensor in super().__getitem__(index))


def test_tensors_and_arrays_are_known_to_hold_no_chance(tmp_path: Path) -> None:
    np.save(tmp_path / "inputs.npy", np.ones((4, 2)))
    mapped = MappedData(
        tmp_path / "inputs.npy",
        np.arange(4),
        torch.arange(4),
        output_shape=(4,),
        target_kind="classes",
        fingerprint="sha256:0",
    )
    held = TensorData(
        (torch.ones(4), torch.arange(4)), output_shape=(4,), target_kind="classes", fingerprint=""
    )
    for dataset in (TENSORS, mapped, held):
        assert not may_draw(dataset)
        assert not may_draw(ConcatDataset([dataset, Subset(dataset, [1])]))


def test_any_other_may_draw_unless_it_says_that_it_does_not() -> None:
    datasets: list[Dataset[object]] = [Squares(), Augmented(*TENSORS.tensors)]
    for dataset in datasets:
        assert may_draw(dataset)
        assert may_draw(Subset(dataset, [0]))
        assert may_draw(ConcatDataset([TENSORS, dataset]))
    assert not may_draw(Given())
    assert not may_draw(Subset(Given(), [0]))


def test_a_generator_is_given_to_those_that_ask_for_it() -> None:
    assert takes_generator(Given.__getitem__)
    assert not takes_generator(Noisy.__getitem__)
    assert not takes_generator(dict[str, int].__getitem__)


def test_generators_that_a_data_set_keeps_are_found_below_subsets() -> None:
    assert private_generators(Subset(Private(), [0])) == ["rng"]
    assert private_generators(Noisy()) == []


@given(st.integers(0, 2**64 - 1), st.lists(st.integers(0, 2**40), min_size=2, unique=True))
def test_each_of_many_has_a_seed_of_its_own_of_64_bits(seed: int, numbers: list[int]) -> None:
    seeds = [mixed(seed, number) for number in numbers]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= each < 2**64 for each in seeds)


@given(st.integers(0, 2**64 - 1))
def test_the_three_generators_are_seeded_kept_and_not_alike(seed: int) -> None:
    before = random.getstate(), torch.get_rng_state()
    with kept_generators():
        seed_generators(seed)
        first = global_numbers()
        seed_generators(seed)
        assert global_numbers() == first
    assert len(set(first)) == 3
    assert random.getstate() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])


def test_a_pair_of_normal_numbers_is_not_split_between_two_samples() -> None:
    with kept_generators():
        seed_generators(5)
        random.gauss(0, 1), np.random.randn(), torch.randn(())
        seed_generators(5)
        again = random.gauss(0, 1), np.random.randn(), float(torch.randn(()))
        seed_generators(5)
        assert again == (random.gauss(0, 1), np.random.randn(), float(torch.randn(())))
