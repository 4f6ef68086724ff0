"""The split of a data set: which of its samples are train, val and test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stride.errors import DataError

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
Indices = NDArray[np.int64]


def check_split(split: str) -> Split:
    """The split of that name.

    Raises:
        DataError: there is none.
    """
    for known in SPLITS:
        if split == known:
            return known
    raise DataError(f"there is no split {split!r}: the splits are train, val and test")


def draw_splits(
    count: int,
    *,
    val_fraction: float,
    test_fraction: float,
    seed: int,
    labels: NDArray[Any] | None = None,
) -> dict[Split, Indices]:
    """Deal samples 0 to count - 1 to the three splits; the same seed always deals the same way.

    Args:
        count: number of samples.
        val_fraction: share of val, rounded to whole samples.
        test_fraction: share of test, rounded to whole samples. Train gets the rest.
        seed: 0 to 2**32 - 1.
        labels: (count,) the class of each sample: every split then holds about the same share of
            each class.

    Raises:
        DataError: the fractions leave nothing for train, or are negative.
    """
    if min(val_fraction, test_fraction) < 0 or val_fraction + test_fraction >= 1:
        raise DataError(
            f"val_fraction {val_fraction:g} and test_fraction {test_fraction:g} must not be"
            " negative, and must leave a part for train: their sum must be below 1"
        )
    if not 0 <= seed < 2**32:
        raise DataError(f"split_seed {seed} must lie between 0 and {2**32 - 1}")
    # RandomState, not default_rng: NumPy promises that its stream never changes.
    order = np.random.RandomState(seed).permutation(count)
    if labels is None:
        groups = [order]
    else:
        shuffled = labels[order]
        groups = [order[shuffled == label] for label in np.unique(labels)]
    room = [len(group) for group in groups]
    test = _quotas(room, room, test_fraction)
    left = [size - taken for size, taken in zip(room, test, strict=True)]
    val = _quotas(room, left, val_fraction)
    none = order[:0]
    parts: dict[Split, list[Indices]] = {"train": [none], "val": [none], "test": [none]}
    for group, tested, validated in zip(groups, test, val, strict=True):
        parts["test"].append(group[:tested])
        parts["val"].append(group[tested : tested + validated])
        parts["train"].append(group[tested + validated :])
    return {split: np.sort(np.concatenate(parts[split])) for split in SPLITS}


def _quotas(sizes: list[int], room: list[int], fraction: float) -> list[int]:
    """How many samples each group gives, by largest remainders, never more than it has room for."""
    exact = [fraction * size for size in sizes]
    quotas = [min(int(share), free) for share, free in zip(exact, room, strict=True)]
    missing = round(fraction * sum(sizes)) - sum(quotas)
    by_remainder = sorted(
        range(len(sizes)), key=lambda group: (quotas[group] - exact[group], group)
    )
    for group in by_remainder:
        if missing > 0 and quotas[group] < room[group]:
            quotas[group] += 1
            missing -= 1
    return quotas


def complete_splits(
    given: Mapping[Split, Indices],
    count: int,
    *,
    val_fraction: float,
    test_fraction: float,
    seed: int,
    labels: NDArray[Any] | None = None,
) -> dict[Split, Indices]:
    """The three splits, of which some were given as indices.

    A train split that was not given is all that is in no other. A val or test split that was not
    given is drawn from train, by its fraction of train.

    Raises:
        DataError: see `draw_splits`.
    """
    taken = np.zeros(count, dtype=bool)
    for indices in given.values():
        taken[indices] = True
    pool = given.get("train", np.flatnonzero(~taken))
    drawn = draw_splits(
        len(pool),
        val_fraction=0.0 if "val" in given else val_fraction,
        test_fraction=0.0 if "test" in given else test_fraction,
        seed=seed,
        labels=None if labels is None else labels[pool],
    )
    splits = {split: pool[drawn[split]] for split in SPLITS}
    return {**splits, **{split: given[split] for split in ("val", "test") if split in given}}


def check_indices(split: Split, array: NDArray[Any], count: int, where: str) -> Indices:
    """Indices as a person gave them: integers, or a mask of `count` truth values.

    Raises:
        DataError: they are neither, are out of range, or name a sample twice.
    """
    if array.dtype == np.bool_ and array.shape == (count,):
        return np.flatnonzero(array)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise DataError(
            f"{where}: the indices of {split} must be a row of integers, or a mask of {count} truth"
            f" values; they have the shape {list(array.shape)} and the type {array.dtype}"
        )
    wrong = array[(array < 0) | (array >= count)]
    if len(wrong):
        raise DataError(
            f"{where}: the index {wrong[0]} of {split} is out of range: there are {count} samples,"
            f" numbered from 0 to {count - 1}"
        )
    indices = np.sort(array.astype(np.int64))
    twice = indices[1:][indices[1:] == indices[:-1]]
    if len(twice):
        raise DataError(f"{where}: the indices of {split} name the sample {twice[0]} twice")
    return indices


def check_disjoint(splits: Mapping[Split, Indices], where: str) -> None:
    """No sample is in two splits.

    Raises:
        DataError: one is.
    """
    names = sorted(splits, key=SPLITS.index)
    for position, first in enumerate(names):
        for second in names[position + 1 :]:
            shared = np.intersect1d(splits[first], splits[second])
            if len(shared):
                raise DataError(
                    f"{where}: {first} and {second} overlap in {len(shared)} samples"
                    f" (the first is {shared[0]}); a sample belongs to one split"
                )
