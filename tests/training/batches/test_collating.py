"""The collate functions that come with stride."""

from __future__ import annotations

import pytest
import torch

from stride.errors import DataError
from stride.training.batches.collating import as_list, pad


def test_a_list_stays_a_list() -> None:
    samples = [(torch.ones(2), "one"), (torch.ones(3), "two")]
    assert as_list(samples) is samples


def test_tensors_are_padded_to_the_longest_and_their_lengths_are_told() -> None:
    samples = [(torch.ones(2, 3), 5), (torch.ones(4, 3), 6)]
    (inputs, lengths), targets = pad(samples, padding_value=-1.0)
    assert inputs.shape == (2, 4, 3)
    assert inputs[0, :, 0].tolist() == [1.0, 1.0, -1.0, -1.0]
    assert lengths.tolist() == [2, 4]
    assert targets.tolist() == [5, 6]


def test_mappings_and_single_tensors_are_padded_too() -> None:
    batch = pad(
        [{"ids": torch.tensor([1, 2]), "name": "a"}, {"ids": torch.tensor([3]), "name": "b"}]
    )
    assert batch["ids"][0].tolist() == [[1, 2], [3, 0]]
    assert batch["ids"][0].dtype == torch.int64
    assert batch["name"] == ["a", "b"]
    padded, lengths = pad([torch.zeros(0), torch.ones(1)])
    assert (padded.tolist(), lengths.tolist()) == ([[0.0], [1.0]], [0, 1])


def test_tensors_that_differ_in_another_dimension_are_refused() -> None:
    with pytest.raises(DataError, match=r"the others differ: \[2\] and \[3\]"):
        pad([torch.ones(1, 2), torch.ones(1, 3)])
