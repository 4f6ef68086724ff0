"""The trainer: from keyword arguments to runs, and from runs back to a model."""

from __future__ import annotations

import hashlib
import io
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from stride.errors import (
    CodeReferenceError,
    ConfigError,
    DataError,
    DeviceError,
    RunExistsError,
    RunNameError,
    RunNotFoundError,
    RunStateError,
    UsageError,
)
from stride.files import read_json
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.trainer import Trainer

QUICK: dict[str, Any] = {
    "model_kwargs": {"hidden_dims": [8]},
    "fit_kwargs": {"max_epochs": 1},
    "log_kwargs": {"progress": False},
}
INPUTS = torch.randn(30, 4, generator=torch.Generator().manual_seed(1))
DATA = TensorDataset(INPUTS, (INPUTS[:, 0] > 0).long())
SPLITS = {"train": DATA, "val": DATA, "test": DATA}


def _digests(run: Run) -> dict[str, str]:
    files = [*run.weights_path.iterdir(), run.metrics_path, run.steps_path]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_constructor_reads_no_data_and_writes_nothing(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path / "exp", **QUICK)
    assert (trainer.train_loader, trainer.val_loader, trainer.test_loader) == (None, None, None)
    assert (trainer.run, trainer.model, trainer.task) == (None, None, None)
    assert trainer.config.model_kwargs.arguments["hidden_dims"] == [8]
    assert list(tmp_path.iterdir()) == []


def test_the_arguments_of_a_first_trainer_become_the_config_of_the_experiment(
    tmp_path: Path,
) -> None:
    trainer = Trainer(tmp_path / "exp", **QUICK)
    trainer.fit({"seed": 3})
    assert read_json(tmp_path / "exp" / "config.json") == {"format": 1, **QUICK}
    later = Trainer(tmp_path / "exp", fit_kwargs={"max_epochs": 2})
    assert later.config.model_kwargs.arguments["hidden_dims"] == [8]
    assert later.config.fit_kwargs.max_epochs == 2
    assert later.config.seed == 0
    later.fit({"fit_kwargs.max_epochs": 1})
    assert read_json(tmp_path / "exp" / "config.json") == {"format": 1, **QUICK}


def test_a_fit_is_a_run_with_config_weights_tables_and_results(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path / "exp", **QUICK)
    run = trainer.fit()
    assert run == WorkDir(tmp_path / "exp").run(0) == trainer.run
    assert run.read_config() == trainer.config.to_json()
    record = run.read_record()
    chosen = {"fit_kwargs.max_epochs", "log_kwargs.progress", "model_kwargs.hidden_dims"}
    assert set(record.chosen) == chosen
    assert record.resolved["model_kwargs.input_shape"] == [1, 8, 8]
    assert record.resolved["optimizer_kwargs.fused"] is True
    assert set(record.fingerprints) == {"train", "val", "test"}
    assert record.attempt is not None
    assert (record.attempt.device, record.attempt.threads) == ("cpu", torch.get_num_threads())
    assert run.attempt_provenance_path(1).is_dir()
    assert set(run.read_results()) == {"test_loss", "test_accuracy"}


def test_the_same_config_twice_gives_the_same_bits(tmp_path: Path) -> None:
    settings = {**QUICK, "model_kwargs": {"hidden_dims": [8], "dropouts": 0.5}}
    first = Trainer(tmp_path / "a", **settings).fit()
    torch.rand(()), random.random(), np.random.rand()  # whatever was drawn before
    trainer = Trainer(tmp_path / "b", **settings)
    second, third = trainer.fit(), trainer.fit()
    assert _digests(first) == _digests(second) == _digests(third)
    other = trainer.fit({"seed": 1})
    assert _digests(other)["last.safetensors"] != _digests(first)["last.safetensors"]


def test_a_fit_leaves_global_generators_threads_and_streams_alone(tmp_path: Path) -> None:
    torch.manual_seed(0)
    expected = torch.rand(())
    torch.manual_seed(0)
    before = (torch.get_num_threads(), sys.stdout, sys.stderr)
    Trainer(tmp_path / "exp", **QUICK).fit({"fit_kwargs.threads": 1})
    assert torch.rand(()) == expected
    assert (torch.get_num_threads(), sys.stdout, sys.stderr) == before


def test_overrides_of_a_fit_are_of_that_run_alone(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path / "exp", **QUICK)
    run = trainer.fit({"model_kwargs.hidden_dims": [16], "optimizer_kwargs": {"lr": 0.01}})
    config = run.read_config()
    assert config["model_kwargs"]["hidden_dims"] == [16]
    assert config["optimizer_kwargs"]["lr"] == 0.01
    typed = ("model_kwargs.hidden_dims=[16]", "optimizer_kwargs.lr=0.01")
    assert run.read_record().overrides == typed
    assert trainer.config.model_kwargs.arguments["hidden_dims"] == [8]
    assert trainer.fit().read_config()["model_kwargs"]["hidden_dims"] == [8]


def test_comprehended_overrides_stay_for_the_fits_that_follow(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path / "exp", **QUICK)
    trainer.load_data()
    assert trainer.train_loader is not None
    config = trainer.comprehend_config({"load_data_kwargs.train_loader_kwargs.batch_size": 16})
    assert config is trainer.config
    assert trainer.train_loader is None
    with pytest.raises(ConfigError, match="hiden_dims"):
        trainer.comprehend_config({"model_kwargs.hiden_dims": [1]})
    assert trainer.config is config


def test_loaders_give_batches_after_the_data_is_loaded(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path / "exp", **QUICK)
    trainer.load_data()
    assert trainer.train_loader is not None
    assert trainer.val_loader is not None
    assert trainer.test_loader is not None
    inputs, targets = next(iter(trainer.train_loader))
    assert (inputs.shape, targets.shape) == ((64, 1, 8, 8), (64,))
    loaders = (trainer.train_loader, trainer.val_loader, trainer.test_loader)
    assert sum(loader.samples for loader in loaders) == 1797


def test_a_run_is_loaded_by_number_name_and_path_without_reading_data(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", inputs=INPUTS.numpy(), targets=DATA.tensors[1].numpy())
    arrays = {"dataset_name": "arrays", "path": str(tmp_path / "data.npz")}
    trainer = Trainer(tmp_path / "exp", dataset_kwargs=arrays, **QUICK)
    run = trainer.fit(run="named")
    predicted = trainer.predict(INPUTS)
    (tmp_path / "data.npz").unlink()
    for reference in ("named", run.path, str(run.path)):
        fresh = Trainer(tmp_path / "other")
        if reference == "named":
            fresh = Trainer(tmp_path / "exp")
        assert fresh.load_run(reference) == run
        assert torch.equal(fresh.predict(INPUTS.numpy()), predicted)
        assert not (tmp_path / "other").exists()
    with pytest.raises(DataError, match=r"data\.npz"):
        fresh.evaluate("test")
    with pytest.raises(RunNotFoundError, match="run 7 is not in"):
        trainer.load_run(7)


def test_an_evaluation_of_a_loaded_run_gives_what_was_recorded(tmp_path: Path) -> None:
    run = Trainer(tmp_path / "exp", **QUICK).fit()
    trainer = Trainer(tmp_path / "exp")
    trainer.load_run(0)
    assert trainer.evaluate("test") == run.read_results()
    best = run.read_record().best[0].metrics
    assert trainer.evaluate("val") == {name: best[name] for name in ("val_loss", "val_accuracy")}
    assert trainer.model is not None
    assert not trainer.model.training


def test_a_fit_after_loading_repeats_the_run_with_it_as_parent(tmp_path: Path) -> None:
    run = Trainer(tmp_path / "exp", **QUICK).fit({"seed": 5})
    trainer = Trainer(tmp_path / "exp")
    trainer.load_run(0)
    again = trainer.fit()
    assert _digests(again) == _digests(run)
    (parent,) = again.read_record().parents
    assert (parent.relation, parent.run, parent.id) == ("same config", "0", run.read_record().id)
    changed = trainer.fit({"model_kwargs.hidden_dims": [4]}).read_record()
    assert changed.parents[0].relation == "changed config"


def test_after_a_fit_the_best_weights_are_in_hand(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path / "exp", **QUICK)
    run = trainer.fit({"fit_kwargs": {"max_epochs": 3, "monitors": ["val_loss:max"]}})
    rows = run.metrics.read()
    assert trainer.evaluate("val")["val_loss"] == rows[0]["val_loss"]
    last = Trainer(tmp_path / "exp")
    last.load_run(0, weights="last")
    assert last.evaluate("val")["val_loss"] == rows[-1]["val_loss"]
    with pytest.raises(RunStateError, match=r"has no weights first.safetensors \(it has best"):
        last.load_run(0, weights="first")


def test_objects_take_the_place_of_names_and_are_asked_for_when_loading(tmp_path: Path) -> None:
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    given: dict[str, Any] = {"model": model, "datasets": SPLITS, "optimizer": optimizer}
    quick = {"fit_kwargs": {"max_epochs": 2}, "log_kwargs": {"progress": False}}
    trainer = Trainer(tmp_path / "exp", **given, **quick)
    first, second = trainer.fit(), trainer.fit()
    assert _digests(first) == _digests(second)
    config = first.read_config()
    assert config["model_kwargs"]["model_name"] == "object:torch.nn.modules.linear.Linear"
    assert config["optimizer_kwargs"]["optimizer_name"] == "object:torch.optim.sgd.SGD"
    assert read_json(tmp_path / "exp" / "config.json") == {"format": 1, **quick}
    expected = trainer.predict(INPUTS)
    with pytest.raises(UsageError, match="was handed over"):
        Trainer(tmp_path / "exp").load_run(0)
    with torch.no_grad():
        model.weight.zero_()
    again = Trainer(tmp_path / "exp", model=model)
    again.load_run(0)
    assert torch.equal(again.predict(INPUTS), expected)


def test_loaders_may_be_handed_over(tmp_path: Path) -> None:
    loaders = {
        "train": DataLoader(DATA, 8, shuffle=True),
        "val": DataLoader(DATA, 30),
    }
    quiet = {"progress": False}
    trainer = Trainer(tmp_path / "exp", model=nn.Linear(4, 2), loaders=loaders, log_kwargs=quiet)
    first, second = (trainer.fit({"fit_kwargs.max_epochs": 2}) for _ in range(2))
    assert _digests(first) == _digests(second)
    assert first.metrics.read()[-1]["step"] == 8


def test_an_object_or_a_class_may_stand_where_the_name_does(tmp_path: Path) -> None:
    net = nn.Linear(4, 2)
    by_object = Trainer(tmp_path / "a", model_kwargs={"model_name": net}, datasets=SPLITS)
    run = by_object.fit({"fit_kwargs.max_epochs": 1, "log_kwargs.progress": False})
    assert by_object.model is net
    assert run.read_config()["model_kwargs"]["model_name"].startswith("object:")
    kwargs = {"model_name": nn.Linear, "in_features": 4, "out_features": 2}
    by_class = Trainer(tmp_path / "b", model_kwargs=kwargs, datasets=SPLITS)
    run = by_class.fit({"fit_kwargs.max_epochs": 1, "log_kwargs.progress": False})
    assert run.read_config()["model_kwargs"]["model_name"] == "torch.nn.modules.linear:Linear"
    Trainer(tmp_path / "b").load_run(0)


def test_progress_goes_to_the_stream_and_is_silent_where_asked_for(tmp_path: Path) -> None:
    stream = io.StringIO()
    settings = {**QUICK, "log_kwargs": {}}
    Trainer(tmp_path / "exp", stream=stream, **settings).fit()
    lines = stream.getvalue().splitlines()
    assert any(line.startswith("[Epoch 1/1] lr=0.00100 | train_loss=") for line in lines)
    silent = io.StringIO()
    Trainer(tmp_path / "exp", stream=silent, log_kwargs={"progress": False}).fit()
    assert silent.getvalue() == ""


def _failing(folder: Path, **arguments: Any) -> None:
    overrides = arguments.pop("overrides", None)
    name = arguments.pop("run", None)
    Trainer(folder / "exp", **{**QUICK, **arguments}).fit(overrides, run=name)


@pytest.mark.parametrize(
    ("arguments", "kind", "sentence"),
    [
        ({"model_kwargs": {"hiden_dims": [8]}}, ConfigError, "hiden_dims"),
        ({"model_kwargs": {"model_name": "os:system"}}, CodeReferenceError, "os:system"),
        ({"optimizer_kwargs": {"lr": float("nan")}}, ConfigError, "lr"),
        ({"fit_kwargs": {"max_epochs": -1}}, ConfigError, "max_epochs"),
        ({"device": "cuda:99"}, DeviceError, "cuda:99 is not on this machine"),
        ({"dataset_kwargs": {"dataset_name": "arrays", "path": "gone.npz"}}, DataError, "gone.npz"),
        ({"fit_kwargs": {"monitors": ["val_acc:max"]}}, ConfigError, "no metric 'val_acc'"),
        ({"scheduler_kwargs": {"scheduler_name": "StepLR"}}, ConfigError, "step_size"),
        ({"task_kwargs": {"metrics": ["top9"]}}, ConfigError, "unknown metric 'top9'"),
        ({"optimizer_kwargs": {"lr": -1.0}}, ConfigError, "AdamW refuses its arguments"),
        ({"model_kwargs": {"hidden_dims": [0]}}, ConfigError, "hidden_dims"),
        ({"run": "a/b"}, RunNameError, "a/b"),
        ({"overrides": {"a..b": 1}}, ConfigError, "a..b"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_a_person_got_wrong_leaves_nothing_behind(
    tmp_path: Path, arguments: dict[str, Any], kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence):
        _failing(tmp_path, **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path / "exp", **QUICK)
    trainer.fit(run="mine")
    with pytest.raises(RunExistsError, match="mine"):
        trainer.fit({"device": "cuda:99"}, run="mine")
    assert [run.name for run in trainer.work_dir.runs()] == ["mine"]


def test_without_a_model_in_hand_there_is_nothing_to_evaluate(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path / "exp", **QUICK)
    for call in (trainer.evaluate, lambda: trainer.predict(INPUTS)):
        with pytest.raises(RunStateError, match="there is no model yet"):
            call()
    trainer.work_dir.create(trainer.config.to_json())
    with pytest.raises(RunStateError, match="has no weights: its status is created"):
        trainer.load_run(0)
