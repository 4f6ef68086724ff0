"""The targets of a data set: numbers of classes, or real numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stride.errors import DataError
from stride.training.datasets.tensor_data import TargetKind


@dataclass(frozen=True)
class Targets:
    """Targets of all samples, in the form that losses take.

    Attributes:
        values: int64 (samples, ...) for classes; float32 (samples, ...) of at least two dimensions
            for numbers.
        kind: "classes" or "numbers".
        output_shape: what a model must give for one sample: (classes, ...) for classes.
    """

    values: NDArray[Any]
    kind: TargetKind
    output_shape: tuple[int, ...]

    @property
    def one_class_each(self) -> bool:
        """Whether each sample has just one class."""
        return self.kind == "classes" and self.values.ndim == 1


def read_targets(
    array: NDArray[Any],
    *,
    kind: Literal["auto", "classes", "numbers"],
    num_classes: int | None,
    where: str,
) -> Targets:
    """Targets from an array of numbers, one row a sample.

    Integers and truth values, one a sample, are classes; real numbers are numbers; where that is
    not meant, `kind` says so.

    Raises:
        DataError: nan or infinite targets, classes that are no whole numbers from 0, or a kind that
            cannot be told.
    """
    if array.ndim == 0 or array.size == 0:
        raise DataError(f"{where}: the targets are empty")
    if array.dtype.kind == "f":
        _check_finite(array, where)
    flat = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if kind == "auto":
        kind = _kind_of(flat, where)
    if kind == "numbers":
        if num_classes is not None:
            raise DataError(f"{where}: num_classes {num_classes} is given, and targets are numbers")
        with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is told below
            values = np.asarray(array, dtype=np.float32)
        _check_finite(values, where)
        values = values[:, None] if values.ndim == 1 else values
        return Targets(values, "numbers", values.shape[1:])
    classes = _classes(flat, where)
    count = int(classes.max()) + 1
    if num_classes is None:
        if count > len(classes):
            raise DataError(
                f"{where}: the largest class is {count - 1}, and there are {len(classes)} samples;"
                " number the classes from 0 without gaps, or give target_kind=numbers"
            )
        num_classes = max(count, 2)
    if count > num_classes:
        raise DataError(
            f"{where}: there is a class {count - 1}, and num_classes {num_classes} allows 0 to"
            f" {num_classes - 1}"
        )
    return Targets(classes, "classes", (num_classes, *classes.shape[1:]))


def _kind_of(array: NDArray[Any], where: str) -> Literal["classes", "numbers"]:
    if array.dtype.kind == "f":
        return "numbers"
    if array.ndim > 1:
        raise DataError(
            f"{where}: the targets are integers of the shape {list(array.shape)}, which may be"
            " classes or numbers; give target_kind=classes or target_kind=numbers"
        )
    if array.dtype.kind == "i" and array.min() < 0:
        raise DataError(
            f"{where}: the integer targets go down to {array.min()}, so they are no classes; give"
            " target_kind=numbers"
        )
    return "classes"


def _classes(array: NDArray[Any], where: str) -> NDArray[np.int64]:
    classes = array.astype(np.int64)
    if array.dtype.kind == "f" and not np.array_equal(classes, array):
        raise DataError(f"{where}: target_kind is classes, and the targets are no whole numbers")
    if classes.min() < 0:
        raise DataError(f"{where}: there is a class {classes.min()}; classes are numbered from 0")
    return classes


def _check_finite(array: NDArray[Any], where: str) -> None:
    wrong = ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
    if wrong.any():
        raise DataError(
            f"{where}: {wrong.sum()} of {len(array)} targets are nan or infinite; the first is that"
            f" of sample {int(np.argmax(wrong))}"
        )
