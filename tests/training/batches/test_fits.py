"""Trainings on data that is loaded in every way: the same for any number of workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stride.errors import ConfigError
from stride.store.run import Run
from stride.training.trainer import Trainer

OWN = """
import random
import numpy as np
import torch
from torch.utils.data import Dataset, IterableDataset
from stride.training.batches.sampler import Sampler

class Augmented(Dataset):
    targets = [number % 2 for number in range(22)]

    def __init__(self, split: str) -> None: ...

    def __len__(self) -> int:
        return 22

    def __getitem__(self, index: int):
        noise = random.gauss(0, 1) + np.random.randn() + torch.randn(4)
        return index + noise, torch.tensor([index / 20 + random.random()])

class Stream(IterableDataset):
    def __init__(self, split: str) -> None: ...

    def __iter__(self):
        for number in range(22):
            yield torch.randn(4) + number, torch.tensor([number / 20])

class Uneven(Augmented):
    def __getitem__(self, index: int):
        return torch.ones(1 + index % 3), torch.tensor([float(index)])

class Backwards(Sampler):
    def __init__(self, data, every: int = 1) -> None:
        self.count, self.every = len(data), every

    def indices(self, seed, epoch):
        return range(self.count - 1, -1, -self.every)

def padded(samples, width: int = 4):
    inputs = torch.stack([torch.cat([x, x.new_zeros(width - len(x))]) for x, _ in samples])
    return inputs, torch.stack([target for _, target in samples])
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path / "own.py"


def _fit(folder: Path, code: Path, dataset: str, train: dict[str, Any], **fit: Any) -> Run:
    validating = {key: value for key, value in train.items() if key.startswith("collate")}
    return Trainer(
        folder / "exp",
        dataset_kwargs={"dataset_name": f"{code}:{dataset}"},
        load_data_kwargs={
            "train_loader_kwargs": {"batch_size": 8, **train},
            "val_loader_kwargs": {"batch_size": 8, **validating},
            "test_loader_kwargs": {"batch_size": 8, **validating},
        },
        model_kwargs={
            "hidden_dims": [4],
            "batch_norms": False,
            "input_shape": [4],
            "output_shape": [1],
        },
        task_kwargs={"loss_name": "MSELoss", "metrics": []},
        fit_kwargs={"max_epochs": 2, **fit},
        log_kwargs={"progress": False, "every": 1},
        device="cpu",
    ).fit()


@pytest.mark.parametrize("dataset", ["Augmented", "Stream"])
def test_workers_change_nothing_of_a_training(tmp_path: Path, code: Path, dataset: str) -> None:
    alone = _fit(tmp_path, code, dataset, {})
    shared = _fit(tmp_path, code, dataset, {"num_workers": 1 if dataset == "Stream" else 2})
    assert shared.steps.read() == alone.steps.read()
    assert shared.metrics.read() == alone.metrics.read()
    assert len(alone.steps.read()) == 6


def test_accumulation_sees_the_samples_that_a_whole_batch_sees(tmp_path: Path, code: Path) -> None:
    whole = _fit(tmp_path, code, "Augmented", {})
    cut = _fit(tmp_path, code, "Augmented", {}, accumulate=3)
    losses = [[row["loss"] for row in run.steps.read()] for run in (whole, cut)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def test_samplers_and_collate_functions_are_named_in_the_config(tmp_path: Path, code: Path) -> None:
    balanced = _fit(tmp_path, code, "Augmented", {"sampler_name": "balanced"})
    assert len(balanced.steps.read()) == 6
    own = {
        "sampler_name": f"{code}:Backwards",
        "sampler_kwargs": {"every": 2},
        "collate_name": f"{code}:padded",
        "collate_kwargs": {"width": 4},
    }
    run = _fit(tmp_path, code, "Uneven", own)
    assert len(run.steps.read()) == 4
    references = [each.reference for each in run.read_record().code]
    assert [f"{code}:{name}" in references for name in ("Backwards", "padded")] == [True, True]


def test_a_key_that_a_sampler_does_not_take_is_refused_before_anything(
    tmp_path: Path, code: Path
) -> None:
    wrong = {"sampler_name": f"{code}:Backwards", "sampler_kwargs": {"evry": 2}}
    with pytest.raises(ConfigError, match=r"sampler_kwargs\.evry .* did you mean .*every"):
        _fit(tmp_path, code, "Augmented", wrong)
    assert not (tmp_path / "exp").exists()
