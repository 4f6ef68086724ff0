"""Inputs that stay in their file: fetched in batches, and found again by another process."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from stride.training.datasets.mapped_data import MappedData


def mapped(folder: Path) -> MappedData:
    np.save(folder / "inputs.npy", np.arange(40_000.0).reshape(10_000, 4))
    indices = np.array([2, 5, 9_999])
    return MappedData(
        folder / "inputs.npy",
        indices,
        torch.tensor([0, 1, 0]),
        output_shape=(2,),
        target_kind="classes",
        fingerprint="sha256:00",
    )


def test_samples_are_the_rows_of_the_split_as_float32(tmp_path: Path) -> None:
    inputs, target = mapped(tmp_path)[1]
    assert inputs.tolist() == [20.0, 21.0, 22.0, 23.0]
    assert inputs.dtype == torch.float32
    assert target == 1


def test_a_loader_fetches_whole_batches(tmp_path: Path) -> None:
    batches = list(DataLoader(mapped(tmp_path), batch_size=2))
    assert [len(targets) for _, targets in batches] == [2, 1]
    assert batches[1][0].tolist() == [[39_996.0, 39_997.0, 39_998.0, 39_999.0]]


def test_pickling_it_does_not_copy_the_file(tmp_path: Path) -> None:
    data = mapped(tmp_path)
    content = pickle.dumps(data)
    assert len(content) < 5_000
    assert torch.equal(pickle.loads(content)[2][0], data[2][0])
