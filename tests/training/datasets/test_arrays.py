"""The data set `arrays`: where inputs and targets may lie, and how they are split."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from stride.errors import DataError, StorageError
from stride.training.datasets.arrays import arrays
from stride.training.datasets.mapped_data import MappedData
from stride.training.datasets.splits import SPLITS
from stride.training.datasets.tensor_data import TensorData


def inputs_of(count: int = 100, features: int = 3) -> np.ndarray:
    """Rows that name themselves: the first feature of sample i is i."""
    return np.arange(count)[:, None] + np.linspace(0, 0.5, features)


def classes_of(count: int = 100) -> np.ndarray:
    return np.arange(count) % 4


def rows(data: TensorData | MappedData) -> list[int]:
    """Which samples a split holds."""
    return [int(data[index][0][0]) for index in range(len(data))]


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    path = tmp_path / "data.npz"
    np.savez(path, inputs=inputs_of(), targets=classes_of())
    return path


def test_one_npz_is_split_by_fractions_with_equal_shares_of_the_classes(npz: Path) -> None:
    splits = {
        split: arrays(split, path=npz, val_fraction=0.2, test_fraction=0.2) for split in SPLITS
    }
    assert sorted(row for data in splits.values() for row in rows(data)) == list(range(100))
    assert isinstance(splits["test"], TensorData)
    assert torch.bincount(splits["test"].tensors[1]).tolist() == [5, 5, 5, 5]


def test_it_states_shapes_and_kind(npz: Path) -> None:
    data = arrays("train", path=npz)
    assert (data.input_shape, data.output_shape, data.target_kind) == ((3,), (4,), "classes")
    assert data[0][0].dtype == torch.float32


def test_two_npy_files_hold_a_regression(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", inputs_of())
    np.save(tmp_path / "y.npy", inputs_of()[:, 0] / 2)
    data = arrays("val", inputs_path=tmp_path / "x.npy", targets_path=tmp_path / "y.npy")
    assert (data.output_shape, data.target_kind) == ((1,), "numbers")
    assert all(data[i][1].item() == data[i][0][0].item() / 2 for i in range(len(data)))


def test_a_folder_holds_inputs_and_targets_under_other_names(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.zeros((20, 1, 4, 4)))
    np.save(tmp_path / "labels.npy", np.arange(20) % 2)
    data = arrays("train", path=tmp_path, inputs_key="images", targets_key="labels")
    assert data.input_shape == (1, 4, 4)


def test_each_split_may_have_a_file_of_its_own(tmp_path: Path, npz: Path) -> None:
    np.savez(tmp_path / "test.npz", inputs=inputs_of(10) + 500, targets=np.zeros(10, dtype=int))
    options: dict[str, Any] = {"train_path": npz, "test_path": tmp_path / "test.npz"}
    assert rows(arrays("test", **options)) == list(range(500, 510))
    assert arrays("test", **options).output_shape == (4,)
    assert len(arrays("train", **options)) + len(arrays("val", **options)) == 100


def test_index_arrays_say_which_samples_are_which(tmp_path: Path, npz: Path) -> None:
    np.save(tmp_path / "val.npy", np.array([7, 3]))
    np.save(tmp_path / "test.npy", np.arange(100) >= 90)
    options: dict[str, Any] = {
        "path": npz,
        "val_indices_path": tmp_path / "val.npy",
        "test_indices_path": tmp_path / "test.npy",
    }
    assert rows(arrays("val", **options)) == [3, 7]
    assert rows(arrays("test", **options)) == list(range(90, 100))
    assert len(arrays("train", **options)) == 88


def test_one_file_may_hold_the_three_index_arrays(tmp_path: Path, npz: Path) -> None:
    split = tmp_path / "split.npz"
    np.savez(split, train=np.arange(50), val=np.arange(50, 60), test=np.arange(60, 100))
    assert [len(arrays(name, path=npz, split_path=split)) for name in SPLITS] == [50, 10, 40]


def test_the_data_may_hold_its_own_index_arrays(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, inputs=inputs_of(), targets=classes_of(), val_indices=[1], test_indices=[2])
    assert rows(arrays("val", path=path)) == [1]
    assert rows(arrays("test", path=path)) == [2]


def test_inputs_that_stay_on_disk_give_the_same_samples(tmp_path: Path) -> None:
    np.save(tmp_path / "inputs.npy", inputs_of())
    np.save(tmp_path / "targets.npy", classes_of())
    mapped = arrays("val", path=tmp_path, in_memory=False)
    held = arrays("val", path=tmp_path, in_memory=True)
    assert isinstance(mapped, MappedData)
    assert isinstance(held, TensorData)
    assert rows(mapped) == rows(held)
    assert mapped.fingerprint() == held.fingerprint()
    assert (mapped.input_shape, mapped.output_shape) == (held.input_shape, held.output_shape)


def test_the_fingerprint_follows_the_content_and_not_the_place(tmp_path: Path, npz: Path) -> None:
    copy = tmp_path / "copy.npz"
    copy.write_bytes(npz.read_bytes())
    first = arrays("train", path=npz).fingerprint()
    assert arrays("val", path=copy).fingerprint() == first
    np.savez(copy, inputs=inputs_of() + 1, targets=classes_of())
    assert arrays("train", path=copy).fingerprint() != first


def save(folder: Path, **changed: Any) -> Path:
    path = folder / "data.npz"
    np.savez(path, **{"inputs": inputs_of(), "targets": classes_of(), **changed})
    return path


def test_inputs_and_targets_of_different_length_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path, targets=classes_of(99))
    with pytest.raises(DataError, match=r"differ in length: 100 inputs in .*, 99 targets in"):
        arrays("train", path=path)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"inputs": np.zeros((0, 3))}, "are empty"),
        ({"inputs": np.full((100, 3), np.nan)}, "70 of the 70 inputs of train are nan"),
        ({"targets": np.full(100, np.nan)}, "100 of 100 targets are nan"),
        ({"train_indices": [0, 1], "val_indices": [1, 2]}, "train and val overlap in 1 samples"),
        ({"val_indices": [100]}, "the index 100 of val is out of range"),
        ({"train_indices": np.arange(0)}, "the split train is empty"),
    ],
)
def test_contents_that_do_not_fit_together_are_refused(
    tmp_path: Path, changed: dict[str, Any], sentence: str
) -> None:
    path = save(tmp_path, **changed)
    with pytest.raises(DataError, match=sentence):
        arrays("train", path=path)


def test_a_split_without_samples_is_refused(npz: Path) -> None:
    with pytest.raises(DataError, match="the split val is empty; there are 100 samples in all"):
        arrays("val", path=npz, val_fraction=0.0)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "needs data: give dataset_kwargs.path"),
        ({"path": "data.npz", "train_path": "data.npz"}, "path and train_path both name the data"),
        ({"inputs_path": "data.npz"}, "targets_path is missing"),
        ({"path": "nowhere.npz"}, "nowhere.npz does not exist"),
        ({"path": "nowhere"}, "nowhere does not exist"),
        ({"path": "data.npz", "in_memory": False}, "needs inputs in an .npy"),
        (
            {"path": "data.npz", "split_path": "split.npz", "val_indices_path": "val.npy"},
            "split_path and val_indices_path both give splits",
        ),
        ({"path": "data.npz", "split_path": "data.npz"}, "holds none of the arrays train, val"),
        ({"path": "data.npz", "split_path": "val.npy"}, "a single .npy is given as"),
        (
            {"path": "data.npz", "val_path": "data.npz", "val_indices_path": "val.npy"},
            "val has a file of its own and indices as well",
        ),
        ({"path": "data.npz", "test_path": "wide.npz"}, "the shape .5., and in train it is .3."),
        ({"path": "data.npz", "test_path": "more.npz"}, "there is a class 9, and num_classes 4"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    tmp_path: Path, options: dict[str, Any], sentence: str
) -> None:
    save(tmp_path)
    np.savez(tmp_path / "wide.npz", inputs=inputs_of(4, 5), targets=classes_of(4))
    np.savez(tmp_path / "more.npz", inputs=inputs_of(10), targets=np.arange(10))
    np.savez(tmp_path / "split.npz", val=[1])
    np.save(tmp_path / "val.npy", np.array([1]))
    places = {
        key: tmp_path / value if isinstance(value, str) else value for key, value in options.items()
    }
    with pytest.raises(DataError, match=sentence):
        arrays("test", **places)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_file_that_may_not_be_read_is_named(npz: Path) -> None:
    npz.chmod(0)
    with pytest.raises(StorageError, match="permission is denied"):
        arrays("train", path=npz)


@pytest.mark.parametrize("option", ["path", "train_path", "val_path"])
def test_one_array_is_not_taken_for_inputs_and_targets_at_once(
    option: str, tmp_path: Path, npz: Path
) -> None:
    np.save(tmp_path / "inputs.npy", inputs_of())
    given: dict[str, Any] = {"train_path": npz} if option == "val_path" else {}
    given[option] = tmp_path / "inputs.npy"
    with pytest.raises(DataError, match=rf"{option}: .*inputs\.npy is one array, and inputs and"):
        arrays("val", **given)
