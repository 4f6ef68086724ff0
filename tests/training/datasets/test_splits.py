"""Splits: drawn, completed and checked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.errors import DataError
from stride.training.datasets.splits import (
    check_disjoint,
    check_indices,
    complete_splits,
    draw_splits,
)

FRACTIONS = st.floats(0, 0.49)


@given(
    labels=st.lists(st.integers(0, 4), min_size=1, max_size=80),
    val_fraction=FRACTIONS,
    test_fraction=FRACTIONS,
    seed=st.integers(0, 2**32 - 1),
    stratify=st.booleans(),
)
def test_every_sample_is_dealt_to_exactly_one_split(
    labels: list[int], val_fraction: float, test_fraction: float, seed: int, stratify: bool
) -> None:
    splits = draw_splits(
        len(labels),
        val_fraction=val_fraction,
        test_fraction=test_fraction,
        seed=seed,
        labels=np.array(labels) if stratify else None,
    )
    assert sorted(np.concatenate(list(splits.values()))) == list(range(len(labels)))
    assert len(splits["test"]) == round(test_fraction * len(labels))


@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=6), seed=st.integers(0, 1000))
def test_a_class_has_its_share_of_each_split_up_to_one_sample(sizes: list[int], seed: int) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    splits = draw_splits(len(labels), val_fraction=0.2, test_fraction=0.3, seed=seed, labels=labels)
    for fraction, split in ((0.2, "val"), (0.3, "test")):
        counts = np.bincount(labels[splits[split]], minlength=len(sizes))
        assert np.all(np.abs(counts - fraction * np.array(sizes)) < 1)


def test_the_same_seed_deals_the_same_way_for_ever() -> None:
    splits = draw_splits(10, val_fraction=0.2, test_fraction=0.2, seed=7)
    assert splits["val"].tolist() == [0, 2]
    assert splits["test"].tolist() == [5, 8]


def test_another_seed_deals_in_another_way() -> None:
    first, second = (
        draw_splits(100, val_fraction=0.2, test_fraction=0.2, seed=seed) for seed in (0, 1)
    )
    assert first["test"].tolist() != second["test"].tolist()


@pytest.mark.parametrize(("val", "test"), [(0.5, 0.5), (-0.1, 0.2), (0.9, 0.3)])
def test_fractions_that_leave_nothing_for_train_are_refused(val: float, test: float) -> None:
    with pytest.raises(DataError, match="must leave a part for train"):
        draw_splits(10, val_fraction=val, test_fraction=test, seed=0)


def test_a_split_that_is_not_given_is_drawn_from_train() -> None:
    given_splits = {"test": np.arange(90, 100)}
    splits = complete_splits(given_splits, 100, val_fraction=0.1, test_fraction=0.5, seed=0)
    assert splits["test"].tolist() == list(range(90, 100))
    assert len(splits["val"]) == 9
    assert len(splits["train"]) == 81
    assert set(splits["val"]).isdisjoint(range(90, 100))


def test_samples_outside_a_given_train_split_are_left_out() -> None:
    splits = complete_splits(
        {"train": np.arange(20)}, 100, val_fraction=0.25, test_fraction=0.25, seed=0
    )
    assert sorted(np.concatenate(list(splits.values()))) == list(range(20))


def test_a_mask_means_the_samples_where_it_is_true() -> None:
    mask = np.array([True, False, True])
    assert check_indices("val", mask, 3, "here").tolist() == [0, 2]


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.array([0, 5]), "the index 5 of val is out of range: there are 5 samples"),
        (np.array([-1, 2]), "the index -1 of val is out of range"),
        (np.array([1, 1, 2]), "name the sample 1 twice"),
        (np.array([0.5]), "must be a row of integers"),
        (np.array([[0, 1]]), "must be a row of integers"),
        (np.array([True, False]), "a mask of 5 truth values"),
    ],
)
def test_wrong_indices_are_refused(array: np.ndarray, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        check_indices("val", array, 5, "here")


def test_splits_that_overlap_are_refused() -> None:
    with pytest.raises(DataError, match=r"train and val overlap in 2 samples \(the first is 3\)"):
        check_disjoint({"train": np.arange(5), "val": np.array([3, 4, 7])}, "here")
