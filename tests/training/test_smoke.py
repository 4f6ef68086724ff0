"""The smoke test: what would fail later fails now, and nothing is left of it."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import IterableDataset, TensorDataset

from stride.config.resolution import Layer, resolve
from stride.config.schema import Config
from stride.errors import ConfigError, NonFiniteError
from stride.training.catalog import BuiltinCatalog
from stride.training.data import load_data
from stride.training.given import Given
from stride.training.smoke import check_by_smoke, smoke_test

SAMPLES = TensorDataset(torch.randn(40, 4), torch.arange(40) % 2)
SPLITS = {"train": SAMPLES, "val": SAMPLES}
CPU = torch.device("cpu")


def config(given: Given, **settings: Any) -> Config:
    layers = [Layer(settings={"device": "cpu", **settings}), Layer(tree=given.names())]
    return resolve(layers, BuiltinCatalog()).config


def given(model: nn.Module | None = None, **objects: Any) -> Given:
    return Given(model=model or nn.Linear(4, 2), **{"datasets": SPLITS, **objects})


class Broken(nn.Linear):
    """A model that does not do in some mode."""

    def __init__(self, training: bool) -> None:
        super().__init__(4, 2)
        self.when = training

    def forward(self, inputs: Tensor) -> Tensor:
        if self.training is self.when:
            raise ZeroDivisionError("by zero")
        return super().forward(inputs)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"fit_kwargs.accumulate": 3, "fit_kwargs.ema.decay": 0.9},
        {"fit_kwargs.precision": "bf16", "fit_kwargs.evaluate_every": 2},
        {
            "scheduler_kwargs.scheduler_name": "OneCycleLR",
            "scheduler_kwargs.max_lr": 0.1,
            "scheduler_kwargs.interval": "step",
        },
        {"optimizer_kwargs.optimizer_name": "LBFGS", "optimizer_kwargs.lr": 0.1},
        {"checkpoint_kwargs.every_steps": 1},
    ],
)
def test_a_step_an_evaluation_and_a_checkpoint_are_tried(settings: dict[str, Any]) -> None:
    objects = given()
    smoke = smoke_test(config(objects, **settings), objects)
    assert smoke.loss > 0
    assert smoke.checkpoint_bytes > 100
    assert smoke.evaluation_seconds is not None


def test_without_a_val_split_none_is_evaluated() -> None:
    objects = given(datasets={"train": SAMPLES})
    assert smoke_test(config(objects), objects).evaluation_seconds is None


@pytest.mark.parametrize(
    ("training", "said"), [(True, "the first training step fails"), (False, "the evaluation fails")]
)
def test_what_fails_in_code_of_the_users_own_is_said_with_its_place(
    training: bool, said: str
) -> None:
    objects = given(Broken(training))
    with pytest.raises(ConfigError, match=rf"^{said}: ZeroDivisionError: by zero \(.*smoke.py:\d+"):
        smoke_test(config(objects), objects)


def test_a_loss_that_is_not_finite_is_found() -> None:
    bad = TensorDataset(torch.full((40, 4), torch.nan), torch.zeros(40, dtype=torch.long))
    objects = given(datasets={"train": bad, "val": bad})
    with pytest.raises(NonFiniteError, match="step 1"):
        smoke_test(config(objects), objects)


def test_nothing_is_left_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(tmp_path)
    threads = torch.get_num_threads()
    objects = given()
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    smoke_test(config(objects, **{"fit_kwargs.threads": 1}), objects)
    assert list(tmp_path.iterdir()) == []
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert after == before
    assert torch.get_num_threads() == threads


class Counting(IterableDataset[tuple[Tensor, int]]):
    """Samples in order, which goes on by its own state."""

    def __init__(self) -> None:
        self.at = self.begin = 0

    def __iter__(self) -> Iterator[tuple[Tensor, int]]:
        self.at, self.begin = self.begin, 0
        while self.at < 40:
            self.at += 1
            yield torch.full((4,), float(self.at)), self.at % 2

    def state_dict(self) -> dict[str, int]:
        return {"at": self.at}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.begin = state["at"]


def test_an_iterable_data_set_is_where_it_was() -> None:
    counting = Counting()
    objects = given(datasets={"train": counting})
    settings = config(objects, **{"load_data_kwargs.train_loader_kwargs.batch_size": 8})
    data = load_data(settings, objects, CPU)
    first = copy.deepcopy(
        [batch for window in data.batches["train"].windows(1) for batch in window]
    )
    check_by_smoke(settings, data, objects, CPU)
    again = [batch for window in data.batches["train"].windows(1) for batch in window]
    assert len(first) == len(again)
    assert all(torch.equal(a[0], b[0]) for a, b in zip(first, again, strict=True))
