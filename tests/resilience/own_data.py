"""Data sets as their users write them: what the killed trainings of these tests are trained on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset, get_worker_info

Sample = tuple[Tensor, int]

_SEEDS = {"train": 1, "val": 2, "test": 3}


def _draw(split: str, samples: int) -> tuple[Tensor, Tensor]:
    """Inputs (samples, 8) and the class of each, one of three, (samples,)."""
    generator = torch.Generator().manual_seed(_SEEDS[split])
    inputs = torch.randn(samples if split == "train" else 24, 8, generator=generator)
    return inputs, inputs[:, :3].argmax(1)


class Rows(TensorDataset):
    """Plain tensors: stride cuts them into batches itself."""

    def __init__(self, split: str, samples: int = 160) -> None:
        super().__init__(*_draw(split, samples))
        self.input_shape, self.output_shape, self.target_kind = (8,), (3,), "classes"


class Noisy(Dataset[Sample]):
    """Augmented by noise from the global generators of Python, NumPy and torch, in all splits."""

    def __init__(self, split: str, samples: int = 160) -> None:
        self.inputs, self.targets = _draw(split, samples)
        self.input_shape, self.output_shape, self.target_kind = (8,), (3,), "classes"

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int) -> Sample:
        noise = torch.randn(8) * random.random() + float(np.random.normal())
        return self.inputs[index] + 0.1 * noise, int(self.targets[index])


class Drawing(Dataset[Sample]):
    """Augmented from a generator that it is handed with each index."""

    def __init__(self, split: str, samples: int = 160) -> None:
        self.inputs, self.targets = _draw(split, samples)
        self.input_shape, self.output_shape, self.target_kind = (8,), (3,), "classes"

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int, generator: torch.Generator | None = None) -> Sample:
        noise = torch.randn(8, generator=generator)
        return self.inputs[index] + 0.1 * noise, int(self.targets[index])


class Uneven(Dataset[Sample]):
    """Of its samples, one in twenty is infinite: its loss is not finite."""

    def __init__(self, split: str, samples: int = 160) -> None:
        self.inputs, self.targets = _draw(split, samples)
        if split == "train":
            self.inputs[::20] = torch.inf
        self.input_shape, self.output_shape, self.target_kind = (8,), (3,), "classes"

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int) -> Sample:
        return self.inputs[index], int(self.targets[index])


class Stream(IterableDataset[Sample]):
    """Samples one after the other, augmented; it knows where it is, and can go on from there."""

    def __init__(self, samples: int) -> None:
        self.rows = Noisy("train", samples)
        self.position = 0
        self.epoch = 1
        self.input_shape, self.output_shape, self.target_kind = (8,), (3,), "classes"

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[Sample]:
        while self.position < len(self.rows):
            index = (self.position * 7 + self.epoch) % len(self.rows)
            self.position += 1
            yield self.rows[index]
        self.position = 0

    def state_dict(self) -> dict[str, int]:
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.position = state["position"]


class Shards(IterableDataset[Sample]):
    """Samples that the workers share among themselves, augmented; it does not know where it is."""

    def __init__(self, samples: int) -> None:
        self.rows = Noisy("train", samples)
        self.input_shape, self.output_shape, self.target_kind = (8,), (3,), "classes"

    def __iter__(self) -> Iterator[Sample]:
        worker = get_worker_info()
        first, apart = (worker.id, worker.num_workers) if worker else (0, 1)
        for index in range(first, len(self.rows), apart):
            yield self.rows[index]


def stream(split: str, samples: int = 160) -> Dataset[Any]:
    """The stream to train on; what is measured has an index."""
    return Stream(samples) if split == "train" else Rows(split)


def shards(split: str, samples: int = 160) -> Dataset[Any]:
    """The shards to train on; what is measured has an index."""
    return Shards(samples) if split == "train" else Rows(split)


def loaders() -> dict[str, Any]:
    """Loaders of torch, made by hand, with a generator for the order of the samples."""
    generator = torch.Generator().manual_seed(8)
    train = DataLoader(Noisy("train"), batch_size=8, shuffle=True, generator=generator)
    return {"loaders": {"train": train, "val": DataLoader(Noisy("val"), batch_size=16)}}
