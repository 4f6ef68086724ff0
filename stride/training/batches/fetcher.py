"""The fetching of one batch: its samples, each with its own randomness, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch.utils.data import Dataset, Subset, default_collate

from stride.training.batches.sample_randomness import (
    may_draw,
    mixed,
    seed_generators,
    takes_generator,
)
from stride.training.datasets.mapped_data import MappedData
from stride.training.device import thread_count
from stride.training.seeding import derive

Collate = Callable[[list[Any]], Any]

_epochs_told: dict[int, int] = {}
"""The epoch that each data set was told last in this process, by its identity."""


class Request(NamedTuple):
    """One batch to fetch.

    Attributes:
        window: counted from 0 in its epoch.
        part: of the window, counted from 0.
        indices: of the samples.
        draws: by sample, what its randomness is a function of beside the epoch: its index, unless
            it comes several times in an epoch.
    """

    epoch: int
    window: int
    part: int
    indices: list[int]
    draws: list[int]


class Fetcher(Dataset[Any]):
    """Gives batches for requests: as the data set of a DataLoader in its workers, or called here.

    Global generators are left as the last sample had them: who calls it here keeps them.

    Args:
        dataset: any with `__getitem__` or `__getitems__`; a `generator` among their parameters is
            given, `set_epoch(epoch)` is called where there is one.
        collate: makes a batch of a list of samples; None for torch's way.
    """

    def __init__(
        self, dataset: Dataset[Any], collate: Collate | None, *, seed: int, split: str
    ) -> None:
        self.dataset = dataset
        self.draws = may_draw(dataset) or collate is not None
        self._collate = collate
        self._seed = seed
        self._split = split
        self._seeds_samples = may_draw(dataset)
        self._whole, self._places = _unwrapped(dataset)
        # Optional in what others write: torch's loader looks for it in the same way.
        self._fetch_many = getattr(self._whole, "__getitems__", None)
        one = type(self._whole).__getitem__
        self._gives_generator = takes_generator(self._fetch_many or one)
        self._generator: torch.Generator | None = None
        # Optional, as torch's samplers have it.
        layers = _layers(dataset)
        self._told = [each for each in layers if callable(getattr(each, "set_epoch", None))]
        self._epoch = 0
        self._base = 0

    def __getitem__(self, request: Request) -> Any:
        """The batch of a request."""
        if request.epoch != self._epoch or self._was_told_another():
            self.begin(request.epoch)
        if self._collate is None and isinstance(self._whole, MappedData):
            return self._whole.take(self._in_whole(request.indices))
        with thread_count(1):  # as in a worker: the last bits of a sum depend on it
            samples = self._samples(request)
            if self._collate is not None:
                place = (request.epoch, request.window, request.part)
                seed_generators(derive(self._seed, self._split, "collate", *place))
                return self._collate(samples)
        return default_collate(samples)

    def __getstate__(self) -> dict[str, Any]:
        # A process that is no fork begins anew; torch cannot send it a generator.
        return {**self.__dict__, "_generator": None, "_epoch": 0}

    def begin(self, epoch: int) -> None:
        """Tell the data set the epoch, in whichever process it is."""
        self._epoch = epoch
        self._base = derive(self._seed, self._split, "sample", epoch)
        if self._gives_generator and self._generator is None:
            self._generator = torch.Generator()
        for dataset in self._told:
            dataset.set_epoch(epoch)
            _epochs_told[id(dataset)] = epoch

    def _was_told_another(self) -> bool:
        """Whether another split, of the same data set, has told it its own epoch since."""
        return any(_epochs_told[id(dataset)] != self._epoch for dataset in self._told)

    def _samples(self, request: Request) -> list[Any]:
        places, whole, generator = self._in_whole(request.indices), self._whole, self._generator
        if self._fetch_many is not None:
            self._seed_for(request.draws[0])
            given = {} if generator is None else {"generator": generator}
            return list(self._fetch_many(places, **given))
        samples = []
        index = -1
        try:
            for index, draw in zip(places, request.draws, strict=True):
                self._seed_for(draw)
                if generator is None:
                    samples.append(whole[index])
                else:
                    samples.append(whole.__getitem__(index, generator=generator))
        except Exception as error:
            error.add_note(f"while sample {index} of the {self._split} data was fetched")
            raise
        return samples

    def _seed_for(self, draw: int) -> None:
        if self._seeds_samples:
            seed_generators(mixed(self._base, draw))
        if self._generator is not None:
            self._generator.manual_seed(mixed(self._base, draw))

    def _in_whole(self, indices: list[int]) -> list[int]:
        for places in self._places:
            indices = [int(places[index]) for index in indices]
        return indices


def _unwrapped(dataset: Any) -> tuple[Any, list[Sequence[int]]]:
    """What lies below subsets, and by subset, the outermost first, where its samples are in it."""
    places = []
    while type(dataset) is Subset:
        places.append(dataset.indices)
        dataset = dataset.dataset
    return dataset, places


def _layers(dataset: Any) -> Iterator[Any]:
    yield dataset
    while type(dataset) is Subset:
        dataset = dataset.dataset
        yield dataset
