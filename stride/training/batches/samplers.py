"""The built-in samplers: weighted, balanced over classes, and by length."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from stride.errors import DataError
from stride.training.batches.dataset_properties import classes_of, lengths_of
from stride.training.batches.sampler import Sampler
from stride.training.seeding import derive


class Weighted(Sampler):
    """Samples at random, each as likely as its weight says, with replacement.

    Args:
        weights: one number a sample, any scale; null: each class is as likely as any other.
        samples: in an epoch; null: as many as the data has.

    Raises:
        DataError: weights that are negative, all zero, or not one a sample.
    """

    def __init__(
        self,
        dataset: Dataset[Any],
        weights: list[float] | None = None,
        samples: int | None = None,
    ) -> None:
        count = _count(dataset)
        if weights is None:
            classes = classes_of(dataset)
            found = 1.0 / torch.bincount(classes - classes.min()).double()
            shares = found[classes - classes.min()]
        else:
            shares = torch.tensor(weights, dtype=torch.float64)
        if len(shares) != count or not (shares >= 0).all() or not 0 < shares.sum() < torch.inf:
            raise DataError(
                f"sampler_kwargs.weights must be {count} numbers, one a sample, none negative and"
                f" not all zero; there are {len(shares)}"
            )
        self._reached = torch.cumsum(shares, 0)
        self._last = int(torch.nonzero(shares).max())
        self._samples = count if samples is None else samples

    def indices(self, seed: int, epoch: int) -> Tensor:
        """Drawn one by one: (samples,)."""
        generator = torch.Generator().manual_seed(derive(seed, "weighted", epoch))
        drawn = torch.rand(self._samples, generator=generator, dtype=torch.float64)
        # Not torch.multinomial, which takes 2**24 weights at most, in single precision.
        found = torch.searchsorted(self._reached, drawn * self._reached[-1], right=True)
        return found.clamp_(max=self._last)


class Balanced(Sampler):
    """Each class equally often: of a large one some samples are left out, those of a small one come
    again, once all others of it have come.

    Args:
        per_class: samples of each class in an epoch; null: so many that an epoch is about as long
            as the data.

    Raises:
        DataError: the data set does not tell its classes.
    """

    def __init__(self, dataset: Dataset[Any], per_class: int | None = None) -> None:
        classes = classes_of(dataset)
        self._members = [
            torch.nonzero(classes == each)[:, 0] for each in sorted(set(classes.tolist()))
        ]
        whole = max(1, round(len(classes) / len(self._members)))
        self._per_class = whole if per_class is None else per_class

    def indices(self, seed: int, epoch: int) -> Tensor:
        """All classes mixed: (classes * per_class,)."""
        generator = torch.Generator().manual_seed(derive(seed, "balanced", epoch))
        chosen = []
        for members in self._members:
            rounds = -(-self._per_class // len(members))
            orders = [torch.randperm(len(members), generator=generator) for _ in range(rounds)]
            chosen.append(members[torch.cat(orders)[: self._per_class]])
        together = torch.cat(chosen)
        return together[torch.randperm(len(together), generator=generator)]


class ByLength(Sampler):
    """Every sample once, in batches of similar length, so that little is padded; the batches in a
    random order.

    Args:
        batch_size: that of the loader.
        lengths: one number a sample; null: the attribute `lengths` of the data set.
        pool: batches' worth of samples that are sorted together: more is less padding, fewer is
            more chance.

    Raises:
        DataError: the data set does not tell its lengths.
    """

    def __init__(
        self,
        dataset: Dataset[Any],
        batch_size: int,
        lengths: list[float] | None = None,
        pool: int = 50,
    ) -> None:
        self._lengths = lengths_of(dataset) if lengths is None else torch.tensor(lengths)
        if self._lengths.shape != (_count(dataset),):
            raise DataError(
                f"sampler_kwargs.lengths must be one number a sample, {_count(dataset)} in all;"
                f" their shape is {list(self._lengths.shape)}"
            )
        self._batch_size = batch_size
        self._pool = max(1, pool) * batch_size

    def indices(self, seed: int, epoch: int) -> list[list[int]]:
        """The batches."""
        generator = torch.Generator().manual_seed(derive(seed, "by_length", epoch))
        batches: list[list[int]] = []
        shuffled = torch.randperm(len(self._lengths), generator=generator)
        for pool in torch.split(shuffled, self._pool):
            by_length = pool[torch.argsort(self._lengths[pool], stable=True)]
            batches += [batch.tolist() for batch in torch.split(by_length, self._batch_size)]
        order = torch.randperm(len(batches), generator=generator).tolist()
        return [batches[place] for place in order]


def _count(dataset: Dataset[Any]) -> int:
    if not isinstance(dataset, Sized):
        raise DataError(
            f"a sampler needs a data set with a length; {type(dataset).__name__} has none"
        )
    return len(dataset)
