"""Models, data sets, tasks and losses of the user's own, named by file; and data in arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from stride.errors import CodeReferenceError, ConfigError, DataError
from stride.store.record import Status
from stride.store.run import Run
from stride.training.loading import load_run
from stride.training.trainer import Trainer

MODEL = """
from torch import nn
from .layers import Scale

class Net(nn.Module):
    def __init__(self, input_shape=None, output_shape=None, width: int = 4) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(input_shape[0], width), Scale(), nn.Linear(width, output_shape[0])
        )

    def forward(self, inputs):
        return self.body(inputs)

class Broken(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, "two")
"""
LAYERS = """
import torch
from torch import nn

class Scale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, inputs):
        return inputs * self.factor
"""
DATA = """
import logging
import torch
from torch.utils.data import Dataset

class Points(Dataset):
    output_shape = (2,)

    def __init__(self, split: str, count: int = 24) -> None:
        print("reading", split)
        generator = torch.Generator().manual_seed(len(split))
        self.inputs = torch.randn(count, 4, generator=generator)

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int):
        logging.getLogger("users.data").debug("sample %d", index)
        return self.inputs[index], int(self.inputs[index, 0] > 0)
"""
TASK = '''
import torch
from torch import Tensor, nn
from stride import Output, Task

def hinge(outputs: Tensor, targets: Tensor, margin: float = 1.0) -> Tensor:
    signs = 2.0 * targets - 1.0
    return (margin - signs * (outputs[:, 1] - outputs[:, 0])).clamp(min=0).mean()

class Margin(Task, nn.Module):
    """A task with a head of its own, which is trained, saved and loaded with the model."""

    def __init__(self, scale: float = 2.0, output_shape=None) -> None:
        super().__init__()
        self.scale = scale
        self.head = nn.Linear(output_shape[0], output_shape[0])

    def step(self, model, batch) -> Output:
        inputs, targets = batch
        scores = self.head(model(inputs)) * self.scale
        loss = nn.functional.cross_entropy(scores, targets)
        return Output(loss, len(targets), (scores, targets))

    def predict(self, model, inputs):
        return self.head(model(inputs)).argmax(1)
'''
QUICK: dict[str, Any] = {"fit_kwargs": {"max_epochs": 2}, "log_kwargs": {"progress": False}}


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A folder with code of the user's own."""
    folder = tmp_path / "my code"
    folder.mkdir()
    for name, source in {"model": MODEL, "layers": LAYERS, "data": DATA, "task": TASK}.items():
        (folder / f"{name}.py").write_text(source)
    return folder


def _own(code: Path, **others: Any) -> dict[str, Any]:
    return {
        "model_kwargs": {"model_name": f"{code}/model.py:Net", "width": 6},
        "dataset_kwargs": {"dataset_name": f"{code}/data.py:Points"},
        **QUICK,
        **others,
    }


def test_a_model_and_data_of_ones_own_are_trained_and_loaded_again(
    tmp_path: Path, code: Path
) -> None:
    trainer = Trainer(tmp_path / "exp", **_own(code))
    run = trainer.fit()
    record = run.read_record()
    assert record.status is Status.COMPLETED
    assert record.resolved["model_kwargs.input_shape"] == [4]
    assert record.resolved["model_kwargs.output_shape"] == [2]
    references = {known.reference.rpartition("/")[2]: known for known in record.code}
    assert set(references) == {"model.py:Net", "data.py:Points"}
    assert references["model.py:Net"].path == str(code / "model.py")
    (code / "data.py").unlink()
    again = Trainer(tmp_path / "elsewhere")
    again.load_run(run.path)
    inputs = np.ones((3, 4))
    assert np.array_equal(again.predict(inputs), trainer.predict(inputs))


def test_a_task_of_ones_own_brings_parameters_that_are_saved_and_loaded(
    tmp_path: Path, code: Path
) -> None:
    settings = _own(code, task_kwargs={"task_name": f"{code}/task.py:Margin", "scale": 3.0})
    trainer = Trainer(tmp_path / "exp", **settings)
    run = trainer.fit()
    inputs = np.random.RandomState(0).randn(50, 4)
    expected = trainer.predict(inputs)
    again = Trainer(tmp_path / "exp")
    again.load_run(0)
    assert np.array_equal(again.predict(inputs), expected)
    assert again.evaluate("test") == run.read_results()
    assert set(run.read_results()) == {"test_loss"}
    assert run.read_record().best[0].monitor == "val_loss"


def test_a_loss_of_ones_own_is_a_function_with_settings(tmp_path: Path, code: Path) -> None:
    loss = {"loss_name": f"{code}/task.py:hinge", "loss_kwargs": {"margin": 0.0}}
    small = Trainer(tmp_path / "exp", **_own(code, task_kwargs=loss)).fit()
    large = Trainer(tmp_path / "exp").fit({"task_kwargs.loss_kwargs.margin": 5.0})
    first = [run.metrics.read()[0]["train_loss"] for run in (small, large)]
    assert first[1] == pytest.approx(float(first[0] or 0) + 5.0, abs=1.5)
    assert any(known.reference.endswith(":hinge") for known in small.read_record().code)


@pytest.mark.parametrize("workers", [0, 2])
def test_the_number_of_workers_changes_nothing(tmp_path: Path, code: Path, workers: int) -> None:
    loaders = {"train_loader_kwargs": {"num_workers": workers, "batch_size": 8}}
    run = Trainer(tmp_path / "exp", **_own(code, load_data_kwargs=loaders)).fit()
    one = {"load_data_kwargs.train_loader_kwargs.num_workers": 0}
    plain = Trainer(tmp_path / "exp").fit(one)
    assert run.metrics_path.read_bytes() == plain.metrics_path.read_bytes()


def test_what_ones_own_code_says_is_in_the_log(tmp_path: Path, code: Path) -> None:
    logs = {"progress": False, "level": "DEBUG"}
    run = Trainer(tmp_path / "exp", **_own(code, log_kwargs=logs)).fit()
    assert "rank0 users.data: sample " in run.log_path().read_text()


def test_a_model_that_cannot_be_built_is_a_sentence_with_its_place(
    tmp_path: Path, code: Path
) -> None:
    broken = {"model_name": f"{code}/model.py:Broken"}
    with pytest.raises(ConfigError, match="Broken cannot be built: TypeError"):
        Trainer(tmp_path / "exp", **_own(code, model_kwargs=broken)).fit()
    assert not (tmp_path / "exp").exists()


def _arrays(folder: Path, targets: np.ndarray[Any, Any], inputs: int = 120) -> dict[str, Any]:
    features = np.random.RandomState(0).randn(inputs, 3)
    np.savez(folder / "data.npz", inputs=features, targets=targets)
    return {"dataset_name": "arrays", "path": str(folder / "data.npz")}


def _fit_arrays(folder: Path, targets: np.ndarray[Any, Any], **settings: Any) -> Run:
    data = _arrays(folder, targets)
    quick = {**QUICK, "fit_kwargs": {"max_epochs": 3}, **settings}
    return Trainer(folder / "exp", dataset_kwargs=data, **quick).fit()


def test_numbers_in_arrays_are_learnt_by_regression(tmp_path: Path) -> None:
    targets = np.random.RandomState(0).randn(120, 3).sum(1)
    metrics = {"metrics": ["mae", "rmse", "r2"]}
    run = _fit_arrays(tmp_path, targets, task_kwargs=metrics)
    record = run.read_record()
    assert record.resolved["task_kwargs.loss_name"] == "MSELoss"
    assert record.resolved["model_kwargs.output_shape"] == [1]
    assert set(run.read_results()) == {"test_loss", "test_mae", "test_rmse", "test_r2"}
    results = run.read_results()
    assert results["test_loss"] == pytest.approx(results["test_rmse"] ** 2, rel=1e-5)
    losses = [float(row["train_loss"] or 0) for row in run.metrics.read()]
    assert losses[-1] < losses[0]


def test_classes_in_arrays_are_learnt_by_classification(tmp_path: Path) -> None:
    targets = (np.random.RandomState(0).randn(120, 3)[:, 0] > 0).astype(np.int64)
    run = _fit_arrays(tmp_path, targets)
    record = run.read_record()
    assert record.resolved["task_kwargs.loss_name"] == "CrossEntropyLoss"
    assert record.resolved["model_kwargs.output_shape"] == [2]
    assert record.best[0].monitor == "val_accuracy"


def test_inputs_and_targets_of_two_lengths_leave_nothing_behind(tmp_path: Path) -> None:
    data = _arrays(tmp_path, np.zeros(7), inputs=9)
    with pytest.raises(DataError, match=r"9.*7|7.*9"):
        Trainer(tmp_path / "exp", dataset_kwargs=data, **QUICK).fit()
    assert not (tmp_path / "exp").exists()


def test_code_that_was_moved_is_taken_from_another_folder(tmp_path: Path, code: Path) -> None:
    loss = {"loss_name": f"{code}/task.py:hinge"}
    run = Trainer(tmp_path / "exp", **_own(code, task_kwargs=loss)).fit()
    moved = code.rename(tmp_path / "moved")
    with pytest.raises(CodeReferenceError, match="does not exist"):
        load_run(run)
    loaded = load_run(run, code=moved)
    assert type(loaded.model).__name__ == "Net"
    assert loaded.record.code == run.read_record().code


def test_code_that_ends_the_process_is_refused_instead(tmp_path: Path) -> None:
    (tmp_path / "quits.py").write_text(
        "import sys\nfrom torch import nn\n\n"
        "class Net(nn.Module):\n    def __init__(self) -> None:\n        sys.exit(0)\n"
    )
    trainer = Trainer(tmp_path / "exp", model_kwargs={"model_name": f"{tmp_path}/quits.py:Net"})
    with pytest.raises(ConfigError, match="cannot be built: SystemExit"):
        trainer.fit()
    assert not (tmp_path / "exp").exists()


@pytest.mark.parametrize(("loader", "refused"), [({}, True), ({"drop_last": True}, False)])
def test_a_last_batch_of_one_is_refused_where_batch_norm_needs_two(
    tmp_path: Path, loader: dict[str, Any], refused: bool
) -> None:
    data = TensorDataset(torch.rand(9, 3), torch.rand(9, 1))
    trainer = Trainer(
        tmp_path / "exp",
        datasets={"train": data},
        load_data_kwargs={"train_loader_kwargs": {"batch_size": 4, **loader}},
        fit_kwargs={"max_epochs": 1},
    )
    if not refused:
        assert trainer.fit().read_record().status is Status.COMPLETED
        return
    with pytest.raises(ConfigError, match="the last batch of an epoch would have 1 sample"):
        trainer.fit()
    assert not (tmp_path / "exp").exists()
