"""Targets: which kind they are, and what a model must give for them."""

from __future__ import annotations

import numpy as np
import pytest

from stride.errors import DataError
from stride.training.datasets.targets import Targets, read_targets


def read(array: object, kind: str = "auto", num_classes: int | None = None) -> Targets:
    assert kind in ("auto", "classes", "numbers")
    return read_targets(np.array(array), kind=kind, num_classes=num_classes, where="file")


def test_integers_are_classes_and_the_largest_tells_how_many() -> None:
    targets = read([0, 2, 1, 2])
    assert (targets.kind, targets.output_shape) == ("classes", (3,))
    assert targets.values.dtype == np.int64


def test_truth_values_are_two_classes() -> None:
    assert read([True, False, False]).output_shape == (2,)


def test_real_numbers_are_numbers_and_one_each_becomes_a_column() -> None:
    targets = read([0.5, 1.5])
    assert (targets.kind, targets.output_shape) == ("numbers", (1,))
    assert targets.values.tolist() == [[0.5], [1.5]]
    assert targets.values.dtype == np.float32


def test_integers_are_numbers_where_that_is_said() -> None:
    targets = read([[1, 2], [3, 4]], "numbers")
    assert (targets.kind, targets.output_shape) == ("numbers", (2,))


def test_whole_real_numbers_are_classes_where_that_is_said() -> None:
    assert read([0.0, 1.0, 1.0], "classes").values.tolist() == [0, 1, 1]


def test_a_column_of_classes_is_one_class_each() -> None:
    targets = read([[0], [1], [1]])
    assert targets.values.shape == (3,)
    assert targets.one_class_each


def test_a_class_a_pixel_asks_for_an_image_of_classes() -> None:
    targets = read(np.zeros((5, 4, 4), dtype=int), "classes", num_classes=3)
    assert targets.output_shape == (3, 4, 4)
    assert not targets.one_class_each


@pytest.mark.parametrize(
    ("array", "kind", "num_classes", "sentence"),
    [
        ([0.1, float("nan"), 0.2], "auto", None, "1 of 3 targets are nan .* sample 1"),
        ([0.1, float("inf")], "numbers", None, "nan or infinite"),
        ([1e300, 0.0], "numbers", None, "nan or infinite"),
        ([-1, 0, 1], "auto", None, "give target_kind=numbers"),
        ([0, 100], "auto", None, "number the classes from 0 without gaps"),
        ([[0, 1], [1, 0]], "auto", None, "give target_kind=classes or target_kind=numbers"),
        ([0.5, 1.0], "classes", None, "no whole numbers"),
        ([-1.0, 1.0], "classes", None, "there is a class -1"),
        ([0, 1, 4], "classes", 3, "there is a class 4, and num_classes 3 allows 0 to 2"),
        ([0.5, 1.0], "auto", 3, "num_classes 3 is given, and targets are numbers"),
        ([], "auto", None, "the targets are empty"),
    ],
)
def test_targets_that_make_no_sense_are_refused(
    array: object, kind: str, num_classes: int | None, sentence: str
) -> None:
    with pytest.raises(DataError, match=sentence):
        read(array, kind, num_classes)
