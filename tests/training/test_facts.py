"""The facts of the data: stated by the data set, or seen in its first sample."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, Subset, TensorDataset

from stride.training.facts import read_facts


class Named(Dataset[tuple[object, int]]):
    """Images as arrays, with the names of the classes."""

    classes = ("cat", "dog", "owl")

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> tuple[object, int]:
        return np.zeros((3, 8, 8), dtype=np.float32), index % 3


class Stating(Dataset[dict[str, Tensor]]):
    """Samples that tell nothing, and attributes that tell all."""

    input_shape = (5,)
    output_shape = torch.Size([2])
    target_kind = "numbers"

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {}


class Drawing(Dataset[tuple[Tensor, int]]):
    """Samples that need a generator."""

    classes = ("heads", "tails")

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int, generator: torch.Generator) -> tuple[Tensor, int]:
        return torch.rand(3, generator=generator), index


class Stream(IterableDataset[tuple[Tensor, Tensor]]):
    """Samples without an index, that go on from where they were left."""

    position = 0

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        while self.position < 3:
            self.position += 1
            yield torch.rand(4), torch.rand(1)

    def state_dict(self) -> dict[str, int]:
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.position = state["position"]


def test_looking_at_the_first_sample_changes_nothing() -> None:
    stream = Stream()
    torch.manual_seed(0)
    assert read_facts(Drawing())["input_shape"] == read_facts(Subset(Drawing(), [1]))["input_shape"]
    assert read_facts(Drawing())["output_shape"] == [2]
    assert read_facts(stream)["input_shape"] == [4]
    assert len(list(stream)) == 3
    assert read_facts(Stream())["target_kind"] == "numbers"
    torch.manual_seed(0)
    drawn = torch.rand(())
    torch.manual_seed(0)
    read_facts(Drawing())
    read_facts(Stream())
    assert torch.rand(()) == drawn


def test_what_a_data_set_states_is_taken() -> None:
    facts = {"input_dtype": None, "input_shape": [5], "output_shape": [2], "target_kind": "numbers"}
    assert read_facts(Stating()) == facts
    assert read_facts(Subset(Stating(), [0])) == facts


def test_numbers_are_seen_in_the_first_sample() -> None:
    facts = read_facts(TensorDataset(torch.zeros(3, 4, dtype=torch.float64), torch.zeros(3)))
    assert facts == {
        "input_dtype": "float64",
        "input_shape": [4],
        "output_shape": [1],
        "target_kind": "numbers",
    }


def test_classes_are_counted_by_their_names() -> None:
    facts = read_facts(Named())
    assert (facts["output_shape"], facts["target_kind"]) == ([3], "classes")
    assert (facts["input_shape"], facts["input_dtype"]) == ([3, 8, 8], "float32")


def test_what_nobody_says_is_unknown() -> None:
    classes = read_facts(TensorDataset(torch.zeros(3, 4), torch.zeros(3, dtype=torch.int64)))
    assert (classes["output_shape"], classes["target_kind"]) == (None, "classes")
    assert set(read_facts(TensorDataset(torch.zeros(3))).values()) == {None}
    assert set(read_facts(None).values()) == {None}
