"""Data sets as people write them, for the tests of batches."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, get_worker_info

SAMPLES = 20


class Squares(Dataset[dict[str, Tensor]]):
    """Samples that are computed one by one."""

    def __len__(self) -> int:
        return SAMPLES

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {"x": torch.tensor(float(index)), "y": torch.tensor(float(index**2))}


class Noisy(Squares):
    """Samples with noise from the three global generators, as many numbers as chance wants."""

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        noise = [random.gauss(0, 1), np.random.rand(), float(torch.randn(()))]
        for _ in range(random.randrange(3)):
            noise.append(np.random.rand() + float(torch.rand(())))
        return {"x": torch.tensor(index + sum(noise)), "y": torch.tensor(float(index))}


class Whole(Squares):
    """Samples that can be had many at a time, and no other way."""

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        raise AssertionError("asked for a single sample")

    def __getitems__(self, indices: list[int]) -> list[dict[str, Tensor]]:
        noise = torch.rand(len(indices)) / 4
        return [{"x": index + noise[at]} for at, index in enumerate(indices)]


class Given(Squares):
    """Samples with noise from the generator that they are given."""

    draws_randomness = False

    def __getitem__(
        self, index: int, generator: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        assert generator is not None
        return {"x": index + torch.rand((), generator=generator)}


class ByEpoch(Squares):
    """Samples that depend on the epoch that the data set was told, and on the process."""

    draws_randomness = False

    def __init__(self) -> None:
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        info = get_worker_info()
        assert info is None or isinstance(info.dataset, ByEpoch)
        return {"x": torch.tensor(100.0 * self.epoch + index), "process": torch.tensor(os.getpid())}


class Private(Squares):
    """A data set that keeps a generator."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)


class Broken(Squares):
    """A data set with one sample that cannot be read."""

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        if index == 13:
            raise OSError("cannot be decoded")
        return super().__getitem__(index)


class Stream(IterableDataset[Tensor]):
    """Numbers with noise, one after another; without an index."""

    def __init__(self, length: int = SAMPLES) -> None:
        self.length = length
        self.epoch = 0
        self.read = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[Tensor]:
        info = get_worker_info()
        first, every = (info.id, info.num_workers) if info else (0, 1)
        offset = np.random.rand()
        for number in range(first, self.length, every):
            self.read += 1
            noise = random.random() + offset + float(torch.rand(()))
            yield torch.tensor(100.0 * self.epoch + number + noise / 10)


class SizedStream(Stream):
    """One that knows how many it has."""

    def __len__(self) -> int:
        return self.length


class StatefulStream(Stream):
    """One that can go on from where it was."""

    def __init__(self, length: int = SAMPLES) -> None:
        super().__init__(length)
        self.position = 0

    def __iter__(self) -> Iterator[Tensor]:
        while self.position < self.length:
            self.position += 1
            self.read += 1
            yield torch.tensor(100.0 * self.epoch + self.position + random.random())
        self.position = 0

    def state_dict(self) -> dict[str, Any]:
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.position = state["position"]


def global_numbers() -> tuple[float, float, float]:
    """The next number of each global generator."""
    return random.random(), float(np.random.rand()), float(torch.rand(()))
