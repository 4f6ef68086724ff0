"""The loop: rows, best and last weights, limits, schedules, and losses that are not finite."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.utils.data import IterableDataset, TensorDataset

from stride.errors import DataError, NonFiniteError
from stride.store.record import Status
from stride.store.run import Run
from stride.training.output import Output
from stride.training.task import Task
from stride.training.trainer import Trainer

GENERATOR = torch.Generator().manual_seed(0)
INPUTS = torch.randn(40, 4, generator=GENERATOR)
TARGETS = (INPUTS[:, 0] > 0).long()
DATA = TensorDataset(INPUTS, TARGETS)
SPLITS = {"train": DATA, "val": DATA, "test": DATA}


def _trainer(folder: Path, **arguments: Any) -> Trainer:
    settings: dict[str, Any] = {
        "model": nn.Linear(4, 2),
        "datasets": SPLITS,
        "load_data_kwargs": {"train_loader_kwargs": {"batch_size": 8}},
        "fit_kwargs": {"max_epochs": 3},
        "log_kwargs": {"every": 4, "progress": False},
    }
    return Trainer(folder / "exp", **{**settings, **arguments})


def _fit(folder: Path, overrides: dict[str, Any] | None = None, **arguments: Any) -> Run:
    return _trainer(folder, **arguments).fit(overrides)


def _column(run: Run, name: str) -> list[Any]:
    return [row[name] for row in run.metrics.read()]


def test_each_epoch_has_a_row_and_so_has_each_log_step(tmp_path: Path) -> None:
    run = _fit(tmp_path)
    rows = run.metrics.read()
    assert list(rows[0]) == [
        "epoch", "step", "lr", "train_loss", "train_accuracy", "val_loss", "val_accuracy",
    ]  # fmt: skip
    assert [(row["epoch"], row["step"]) for row in rows] == [(1, 5), (2, 10), (3, 15)]
    steps = run.steps.read()
    assert list(steps[0]) == ["step", "epoch", "lr", "loss"]
    assert [(row["step"], row["epoch"]) for row in steps] == [(4, 1), (8, 2), (12, 3), (15, 3)]
    assert [row["epoch"] for row in run.timings.read()] == [1, 2, 3]


def test_the_losses_of_the_steps_add_up_to_those_of_the_epochs(tmp_path: Path) -> None:
    run = _fit(tmp_path, {"log_kwargs.every": 1})
    per_step = [float(row["loss"] or 0) for row in run.steps.read()]
    assert _column(run, "train_loss")[0] == pytest.approx(sum(per_step[:5]) / 5, rel=1e-12)


def test_the_record_tells_progress_last_and_best(tmp_path: Path) -> None:
    run = _fit(tmp_path)
    record = run.read_record()
    row = run.metrics.read()[-1]
    assert record.status is Status.COMPLETED
    assert record.progress is not None
    assert (record.progress.epoch, record.progress.step, record.progress.max_epochs) == (3, 15, 3)
    assert record.last["val_loss"] == row["val_loss"]
    (best,) = record.best
    assert (best.monitor, best.mode, best.weights) == ("val_accuracy", "max", "best.safetensors")
    assert best.value == max(_column(run, "val_accuracy"))
    pairs = list(zip(_column(run, "val_accuracy"), _column(run, "val_loss"), strict=True))
    decisive = max(pairs, key=lambda pair: (pair[0], -pair[1]))  # the loss decides a tie
    assert best.epoch == 1 + pairs.index(decisive)


def test_best_weights_are_kept_for_each_monitor_and_the_last_at_the_end(tmp_path: Path) -> None:
    run = _fit(tmp_path, {"fit_kwargs.monitors": ["val_loss:max", "train_loss:min"]})
    names = sorted(path.name for path in run.weights_path.iterdir())
    assert names == ["best-train_loss.safetensors", "best.safetensors", "last.safetensors"]
    assert run.read_record().digests.keys() == set(names)
    first, last = (safetensors.torch.load_file(run.weights_file(name)) for name in ("best", "last"))
    assert not torch.equal(first["weight"], last["weight"])  # val_loss is largest at first


def test_the_results_are_those_of_the_best_weights_on_test(tmp_path: Path) -> None:
    trainer = _trainer(tmp_path, fit_kwargs={"max_epochs": 3, "monitors": ["val_loss:max"]})
    run = trainer.fit()
    results = run.read_results()
    assert results == trainer.evaluate("test")
    assert results["test_loss"] == _column(run, "val_loss")[0]


def test_without_a_test_split_the_results_are_on_val_and_without_both_there_are_none(
    tmp_path: Path,
) -> None:
    run = _fit(tmp_path, datasets={"train": DATA, "val": DATA})
    assert set(run.read_results()) == {"val_loss", "val_accuracy"}
    alone = _fit(tmp_path, datasets={"train": DATA})
    assert alone.read_results() == {}
    assert alone.read_record().best[0].monitor == "train_accuracy"


def test_max_steps_ends_in_the_middle_of_an_epoch(tmp_path: Path) -> None:
    run = _fit(tmp_path, {"fit_kwargs.max_steps": 7})
    assert [(row["epoch"], row["step"]) for row in run.metrics.read()] == [(1, 5), (2, 7)]
    assert run.steps.read()[-1]["step"] == 7
    assert run.read_record().status is Status.COMPLETED


def test_clipped_gradients_leave_their_norm_in_the_table(tmp_path: Path) -> None:
    sgd = {"optimizer_name": "SGD", "lr": 1.0}
    run = _fit(tmp_path, {"fit_kwargs.clip_norm": 1e-6, "optimizer_kwargs": sgd})
    norms = [row["gradient_norm"] for row in run.steps.read()]
    assert all(isinstance(norm, float) and norm > 1e-6 for norm in norms)
    assert _column(run, "val_loss")[0] == pytest.approx(_column(run, "val_loss")[-1], rel=1e-4)


BY_STEP = {"scheduler_name": "StepLR", "step_size": 5, "gamma": 0.5, "interval": "step"}
BY_EPOCH = {"scheduler_name": "StepLR", "step_size": 1, "gamma": 0.5}
ALWAYS_A_PLATEAU = {"patience": 0, "threshold": 1e9, "threshold_mode": "abs"}


@pytest.mark.parametrize(
    ("scheduler", "rates"),
    [
        (BY_EPOCH, [0.1, 0.05, 0.025]),
        (BY_STEP, [0.1, 0.05, 0.025]),
        ({"scheduler_name": "CosineAnnealingLR"}, [0.1, 0.075, 0.025]),
        ({"scheduler_name": "ReduceLROnPlateau", **ALWAYS_A_PLATEAU}, [0.1, 0.1, 0.01]),
    ],
    ids=["by epoch", "by step", "to the end", "at a plateau"],
)
def test_the_learning_rate_of_a_row_is_that_of_its_steps(
    tmp_path: Path, scheduler: dict[str, Any], rates: list[float]
) -> None:
    run = _fit(tmp_path, {"scheduler_kwargs": scheduler, "optimizer_kwargs": {"lr": 0.1}})
    assert _column(run, "lr") == pytest.approx(rates)


def test_the_last_steps_are_logged_with_the_rate_that_they_had(tmp_path: Path) -> None:
    run = _fit(
        tmp_path,
        optimizer_kwargs={"optimizer_name": "SGD", "lr": 1.0},
        scheduler_kwargs={"scheduler_name": "StepLR", "step_size": 1, "gamma": 0.5},
    )
    steps = [(row["step"], row["lr"]) for row in run.steps.read()]
    assert steps == [(4, 1.0), (8, 0.5), (12, 0.25), (15, 0.25)]


class Rewinding(IterableDataset[Any]):
    """Begins anew by what it does after the last sample."""

    def __init__(self) -> None:
        self.position = 0

    def __len__(self) -> int:
        return len(DATA)

    def __iter__(self) -> Iterator[Any]:
        while self.position < len(DATA):
            self.position += 1
            yield DATA[self.position - 1]
        self.position = 0


def test_a_data_set_comes_to_the_end_of_its_epoch(tmp_path: Path) -> None:
    run = _fit(tmp_path, datasets={"train": Rewinding()})
    assert _column(run, "step") == [5, 10, 15]


class UsedUp(IterableDataset[Any]):
    """Can be iterated over once."""

    def __init__(self) -> None:
        self.samples = iter(list(DATA))

    def __iter__(self) -> Iterator[Any]:
        return self.samples


def test_an_epoch_without_a_batch_ends_the_training(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no batch in epoch 2"):
        _fit(tmp_path, datasets={"train": UsedUp()})


def test_the_length_of_the_schedule_is_recorded(tmp_path: Path) -> None:
    by_step = {"scheduler_name": "OneCycleLR", "max_lr": 0.1, "interval": "step"}
    run = _fit(tmp_path, {"scheduler_kwargs": by_step})
    assert run.read_record().resolved["scheduler_kwargs.total_steps"] == 15
    assert _column(run, "lr")[-1] < 1e-6


class Poisoned(Task):
    """A task whose loss is bad from some step on."""

    def __init__(self, step: int, value: float) -> None:
        self.at, self.value, self.seen = step, value, 0
        self.before: dict[str, Tensor] = {}

    def step(self, model: nn.Module, batch: Any) -> Output:
        self.seen += 1
        inputs, _ = batch
        factor = 1.0
        if self.seen == self.at:
            factor = self.value
            self.before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
        return Output(model(inputs).square().mean() * factor, len(inputs))

    def evaluate(self, model: nn.Module, batch: Any) -> Output:
        inputs, _ = batch
        return Output(model(inputs).square().mean(), len(inputs))


@pytest.mark.parametrize("optimizer", ["AdamW", "RMSprop"])
@pytest.mark.parametrize(("at", "value"), [(1, math.nan), (7, math.inf)])
def test_a_loss_that_is_not_finite_ends_the_training_before_its_update(
    tmp_path: Path, optimizer: str, at: int, value: float
) -> None:
    task = Poisoned(at, value)
    trainer = _trainer(tmp_path, task=task, log_kwargs={"every": 100, "progress": False})
    with pytest.raises(NonFiniteError, match=f"the loss is not finite at step {at} "):
        trainer.fit({"optimizer_kwargs.optimizer_name": optimizer})
    run = trainer.work_dir.run("latest")
    record = run.read_record()
    assert record.status is Status.FAILED
    assert record.error is not None
    assert record.error.type == "NonFiniteError"
    weights = safetensors.torch.load_file(run.weights_file("last"))
    assert weights.keys() == task.before.keys()
    assert all(torch.equal(weights[key], task.before[key]) for key in weights)


def test_where_the_loss_is_not_finite_the_buffers_are_those_before_it_too(tmp_path: Path) -> None:
    inputs = INPUTS.clone()
    inputs[33] = math.nan
    trainer = _trainer(
        tmp_path,
        model=nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 2)),
        datasets={"train": TensorDataset(inputs, TARGETS)},
    )
    with pytest.raises(NonFiniteError):
        trainer.fit({"load_data_kwargs.train_loader_kwargs.shuffle": False})
    weights = safetensors.torch.load_file(trainer.work_dir.run("latest").weights_file("last"))
    assert int(weights["0.num_batches_tracked"]) == 4
    assert all(bool(tensor.isfinite().all()) for tensor in weights.values())


def test_with_fp16_a_loss_that_is_not_finite_is_skipped_and_counted(tmp_path: Path) -> None:
    inputs = INPUTS.clone()
    inputs[33] = math.inf
    run = _fit(
        tmp_path,
        {"fit_kwargs": {"max_epochs": 1, "precision": "fp16", "on_nonfinite": "skip"}},
        datasets={"train": TensorDataset(inputs, TARGETS)},
    )
    assert sum(int(row.get("skipped") or 0) for row in run.steps.read()) == 1
    assert math.isfinite(_column(run, "train_loss")[-1])


class Exploding(nn.Module):
    """A loss that is finite, and whose gradient is not."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(4, 2))

    def forward(self, inputs: Tensor) -> Tensor:
        return (inputs @ self.weight).abs().sqrt()


def test_a_gradient_that_is_not_finite_is_found_where_it_is_clipped(tmp_path: Path) -> None:
    with pytest.raises(NonFiniteError, match=r"a gradient is not finite at step 1 \(epoch 1"):
        _fit(tmp_path, {"fit_kwargs.clip_norm": 1.0}, model=Exploding())


def test_a_metric_that_is_never_a_number_leaves_the_last_weights(tmp_path: Path) -> None:
    constant = TensorDataset(INPUTS, torch.ones(40, 2))
    trainer = _trainer(
        tmp_path,
        datasets=dict.fromkeys(SPLITS, constant),
        task_kwargs={"metrics": ["r2"]},
        fit_kwargs={"max_epochs": 1, "monitors": ["val_r2:max"]},
    )
    run = trainer.fit()
    assert math.isnan(_column(run, "val_r2")[0])
    assert "val_r2 was never a number: the last weights are used" in run.log_path().read_text()
    assert not run.weights_file("best").exists()
    assert math.isnan(run.read_results()["test_r2"])
    trainer.load_run(run.name)


class TwoHeads(Task):
    """A task with two losses and a part that is frozen at first."""

    def begin_epoch(self, model: nn.Module, epoch: int) -> None:
        model.weight.requires_grad_(epoch > 1)

    def step(self, model: nn.Module, batch: Any) -> Output:
        inputs, targets = batch
        outputs = model(inputs)
        losses = {
            "class": nn.functional.cross_entropy(outputs, targets),
            "size": outputs.square().mean(),
        }
        return Output(losses, len(targets))


def test_a_validation_that_is_not_finite_is_said(tmp_path: Path) -> None:
    poisoned = TensorDataset(torch.full((4, 4), math.inf), torch.zeros(4, dtype=torch.int64))
    run = _fit(tmp_path, datasets={"train": DATA, "val": poisoned})
    assert "WARNING" in run.log_path().read_text()
    assert "val_loss is nan after epoch 1" in run.log_path().read_text()


def test_named_losses_are_columns_and_a_part_may_be_unfrozen_later(tmp_path: Path) -> None:
    run = _fit(tmp_path, {"fit_kwargs.monitors": ["val_loss_size:min"]}, task=TwoHeads())
    rows = run.metrics.read()
    for split in ("train", "val"):
        for row in rows:
            parts = float(row[f"{split}_loss_class"]) + float(row[f"{split}_loss_size"])
            assert row[f"{split}_loss"] == pytest.approx(parts, rel=1e-6)
    assert "loss_class" in run.steps.read()[0]
    weights = safetensors.torch.load_file(run.weights_file("last"))
    assert run.read_record().best[0].monitor == "val_loss_size"
    frozen = _fit(tmp_path, {"fit_kwargs.max_epochs": 1}, task=TwoHeads(), model=nn.Linear(4, 2))
    assert frozen.read_record().status is Status.COMPLETED
    assert weights["weight"].shape == (2, 4)
