"""The data of a config: the splits that there are, one seed for all of them, and their facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import Dataset, TensorDataset

from stride.config.resolution import Layer, resolve
from stride.config.schema import Config
from stride.errors import CodeReferenceError, DataError
from stride.training.catalog import BuiltinCatalog
from stride.training.data import Data, data_settings, load_data
from stride.training.given import Given

CPU = torch.device("cpu")
DATA = TensorDataset(torch.arange(6.0), torch.arange(6.0))
SPLITS = """
import torch
from torch.utils.data import Dataset, Subset, TensorDataset, random_split

def dealt(split: str) -> Dataset:
    parts = random_split(TensorDataset(torch.arange(30.0), torch.arange(30.0)), [20, 6, 4])
    return parts[["train", "val", "test"].index(split)]

def without_test(split: str) -> Dataset:
    return None if split == "test" else TensorDataset(torch.ones(4), torch.ones(4))

def list_of(split: str) -> Dataset:
    return [1, 2, 3]
"""


def _config(**groups: Any) -> Config:
    return resolve([Layer("", groups)], BuiltinCatalog()).config


def _load(folder: Path, name: str) -> Data:
    (folder / "own.py").write_text(SPLITS)
    config = _config(dataset_kwargs={"dataset_name": f"{folder}/own.py:{name}"})
    return load_data(config, Given(), CPU)


def _values(data: Data, split: str) -> list[float]:
    return torch.cat([inputs for inputs, _ in data.batches[split]]).tolist()


def test_a_data_set_that_deals_at_random_deals_the_same_for_every_split(tmp_path: Path) -> None:
    data = _load(tmp_path, "dealt")
    dealt = [value for split in ("train", "val", "test") for value in _values(data, split)]
    assert sorted(dealt) == list(range(30))
    assert sorted(_values(_load(tmp_path, "dealt"), "val")) == sorted(_values(data, "val"))


def test_a_split_that_there_is_not_is_left_out(tmp_path: Path) -> None:
    assert set(_load(tmp_path, "without_test").batches) == {"train", "val"}


def test_a_function_that_breaks_its_promise_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodeReferenceError, match="list_of gave"):
        _load(tmp_path, "list_of")


def test_data_sets_and_loaders_that_were_handed_over_are_taken() -> None:
    both: dict[str, Dataset[Any]] = {"train": DATA, "test": DATA}
    data = load_data(_config(), Given(datasets=both), CPU)
    assert set(data.batches) == {"train", "test"}
    assert data.facts["target_kind"] == "numbers"
    loaders = load_data(_config(), Given(loaders={"train": [(torch.ones(1), torch.ones(1))]}), CPU)
    assert len(loaders.batches["train"]) == 1
    with pytest.raises(DataError, match="there is no train split"):
        load_data(_config(), Given(datasets={"val": DATA}), CPU)


def test_the_digits_have_a_fingerprint_and_facts() -> None:
    data = load_data(_config(), Given(), CPU)
    assert {split: batches.samples for split, batches in data.batches.items()} == {
        "train": 1257,
        "val": 270,
        "test": 270,
    }
    assert set(data.fingerprints) == {"train", "val", "test"}
    assert data.facts["input_shape"] == [1, 8, 8]


def test_settings_of_model_and_loop_do_not_ask_for_new_data() -> None:
    base = data_settings(_config())
    other = _config(model_kwargs={"hidden_dims": [3]}, fit_kwargs={"max_epochs": 2})
    assert data_settings(other) == base
    assert data_settings(_config(seed=1)) != base
    assert data_settings(_config(load_data_kwargs={"val_loader_kwargs": {"batch_size": 3}})) != base
