"""From Python: a run that was stopped goes on exactly; a new one goes on from another."""

from __future__ import annotations

import io
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from stride.errors import ConfigError, DataError, RunExistsError, RunStateError, StoppedError
from stride.store.run import Run
from stride.training.trainer import Trainer

TWO_EPOCHS = {"max_epochs": 2}


class Network(nn.Module):
    """A network with dropout, which may get a signal in the middle of its n-th forward pass."""

    def __init__(self, signal_at: int | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 10)
        )
        self.signal_at = signal_at
        self.passes = 0

    def forward(self, inputs: Tensor) -> Tensor:
        self.passes += 1
        if self.passes == self.signal_at:
            os.kill(os.getpid(), signal.SIGTERM)
        return self.layers(inputs)


def trainer(folder: Path, *, signal_at: int | None = None, **groups: Any) -> Trainer:
    """A trainer of the experiment `exp` whose model may get a signal."""
    return Trainer(
        folder / "exp",
        device="cpu",
        fit_kwargs={**TWO_EPOCHS, **groups.pop("fit_kwargs", {})},
        log_kwargs={"every": 5},
        model=Network(signal_at),
        stream=io.StringIO(),
        **groups,
    )


def stopped(folder: Path, *, signal_at: int = 13, name: str = "x") -> Run:
    """A run that a scheduler stopped in the middle of an epoch."""
    stopping = trainer(folder, signal_at=signal_at)
    with pytest.raises(StoppedError, match=r"^stopped by SIGTERM$"):
        stopping.fit(run=name)
    return stopping.work_dir.run(name)


def tables(run: Run) -> list[bytes]:
    return [path.read_bytes() for path in (run.metrics_path, run.steps_path)]


def weights(run: Run) -> list[bytes]:
    return [run.weights_file(name).read_bytes() for name in ("best", "last")]


@pytest.mark.parametrize("signal_at", [1, 13, 20, 31])
def test_a_stopped_run_goes_on_to_the_same_bits(tmp_path: Path, signal_at: int) -> None:
    whole = trainer(tmp_path).fit(run="whole")
    run = stopped(tmp_path, signal_at=signal_at)
    assert run.status().text == "stopped (stopped by SIGTERM)"
    again = trainer(tmp_path).fit(run="x", resume=True)
    assert again == run
    assert run.status().word == "completed"
    assert weights(run) == weights(whole)
    assert tables(run) == tables(whole)
    assert run.read_results() == whole.read_results()


def test_one_line_creates_goes_on_and_says_that_it_is_done(tmp_path: Path) -> None:
    line = {"run": "x", "resume": True}
    with pytest.raises(StoppedError):
        trainer(tmp_path, signal_at=13).fit(**line)
    trainer(tmp_path).fit(**line)
    done = trainer(tmp_path)
    before = done.work_dir.run("x").read_record()
    run = done.fit(**line)
    assert run.read_record() == before
    assert [attempt.outcome for attempt in before.attempts] == ["stopped", "completed"]
    assert done.run == run
    assert done.evaluate("test")["test_loss"] == run.read_results()["test_loss"]


def test_the_attempt_tells_where_it_went_on_and_what_it_changed(tmp_path: Path) -> None:
    run = stopped(tmp_path)
    trainer(tmp_path).resume("x", {"fit_kwargs.max_epochs": 3})
    attempt = run.read_record().attempts[1]
    assert attempt.settings == {"fit_kwargs.max_epochs": 3}
    assert attempt.overrides == ("fit_kwargs.max_epochs=3",)
    assert attempt.checkpoint == "step-00000013"
    assert (attempt.first_step, attempt.last_step) == (13, 60)
    assert len(run.metrics_path.read_text().splitlines()) == 1 + 3


def test_resuming_takes_the_runs_own_config_and_not_the_trainers(tmp_path: Path) -> None:
    run = stopped(tmp_path)
    other = trainer(tmp_path, optimizer_kwargs={"lr": 0.5})
    assert other.resume("x") == run
    assert run.read_record().attempts[1].settings == {}
    assert other.config.optimizer_kwargs.arguments["lr"] == 0.5


def test_what_would_make_another_experiment_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    run = stopped(tmp_path)
    before = run.read_record()
    with pytest.raises(
        ConfigError, match=r"optimizer_kwargs\.lr=0\.5 \(it has 0\.001\).*--continue"
    ):
        trainer(tmp_path).resume("x", {"optimizer_kwargs.lr": 0.5})
    with pytest.raises(ConfigError, match="seed=1"):
        trainer(tmp_path, seed=1).fit(run="x", resume=True)
    assert run.read_record() == before


def test_a_completed_run_with_other_settings_is_not_done(tmp_path: Path) -> None:
    trainer(tmp_path).fit(run="x")
    with pytest.raises(RunStateError, match=r"completed with fit_kwargs.max_epochs=2, and not 3"):
        trainer(tmp_path).fit({"fit_kwargs.max_epochs": 3}, run="x", resume=True)
    with pytest.raises(RunStateError, match="closed"):
        trainer(tmp_path).resume("x")


def test_without_resume_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    stopped(tmp_path)
    with pytest.raises(RunExistsError):
        trainer(tmp_path).fit(run="x")
    with pytest.raises(ConfigError, match="give its name"):
        trainer(tmp_path).fit(resume=True)


def test_other_data_is_refused(tmp_path: Path) -> None:
    samples = torch.utils.data.TensorDataset(torch.randn(40, 64), torch.arange(40) % 10)
    given = {"datasets": {"train": samples, "val": samples}}
    with pytest.raises(StoppedError):
        trainer(tmp_path, signal_at=1, **given).fit(run="x")
    fewer = torch.utils.data.TensorDataset(*samples[:30])
    with pytest.raises(DataError, match="number of samples of train was 40 and is 30"):
        trainer(tmp_path, datasets={"train": fewer, "val": samples}).fit(run="x", resume=True)
    other = torch.utils.data.Subset(samples, range(40))
    with pytest.raises(ConfigError, match=r"object:.*Subset \(it has object:.*continue_from"):
        trainer(tmp_path, datasets={"train": other, "val": samples}).fit(run="x", resume=True)


def test_data_that_was_moved_is_named_anew_and_must_be_the_same(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in ("old.npz", "new.npz", "other.npz"))
    inputs = np.random.default_rng(0).normal(size=(60, 64)).astype(np.float32)
    np.savez(old, inputs=inputs, targets=np.arange(60) % 10)
    np.savez(other, inputs=inputs + 1, targets=np.arange(60) % 10)
    data = {"dataset_name": "arrays", "path": str(old)}
    with pytest.raises(StoppedError):
        trainer(tmp_path, signal_at=1, dataset_kwargs=data).fit(run="x")
    old.rename(new)
    with pytest.raises(DataError, match=r"old\.npz"):
        trainer(tmp_path).resume("x")
    with pytest.raises(DataError, match=r"data of .* has changed"):
        trainer(tmp_path).resume("x", {"dataset_kwargs.path": str(other)})
    going_on = trainer(tmp_path)
    run = going_on.resume("x", {"dataset_kwargs.path": str(new)})
    assert run.read_record().attempts[-1].settings == {"dataset_kwargs.path": str(new)}
    loaded = trainer(tmp_path)
    loaded.load_run("x")
    assert loaded.config.dataset_kwargs.arguments["path"] == str(new)
    assert loaded.evaluate("val") == going_on.evaluate("val")


def test_a_new_run_goes_on_from_the_last_checkpoint_of_another(tmp_path: Path) -> None:
    first = trainer(tmp_path).fit(run="first")
    longer = trainer(tmp_path).fit({"fit_kwargs.max_epochs": 4}, run="more", continue_from="first")
    whole = trainer(tmp_path, fit_kwargs={"max_epochs": 4}).fit(run="whole")
    record = longer.read_record()
    assert (record.parents[0].relation, record.parents[0].run) == ("continued", "first")
    assert record.parents[0].id == first.read_record().id
    assert record.attempts[0].checkpoint == "step-00000040"
    assert longer.weights_file("last").read_bytes() == whole.weights_file("last").read_bytes()
    assert first.read_record().status == "completed"


def test_a_model_that_is_another_makes_no_run(tmp_path: Path) -> None:
    groups: dict[str, Any] = {"device": "cpu", "stream": io.StringIO()}
    small = Trainer(tmp_path / "exp", model_kwargs={"hidden_dims": [8]}, **groups)
    small.fit({"fit_kwargs.max_epochs": 1}, run="first")
    longer = {"fit_kwargs.max_epochs": 2}
    with pytest.raises(
        ConfigError,
        match=r"first is that of another model: .*\(8, 64\) in it and \(4, 64\) here; .*",
    ):
        small.fit({**longer, "model_kwargs.hidden_dims": [4]}, continue_from="first")
    with pytest.raises(ConfigError, match=r"another model: .* has shape .*--init-from"):
        small.fit({**longer, "model_kwargs.hidden_dims": [8, 4]}, continue_from="first")
    assert [run.name for run in small.work_dir.runs()] == ["first"]


def test_a_stopped_run_is_said_to_be_at_the_step_of_its_checkpoint(tmp_path: Path) -> None:
    progress = stopped(tmp_path, signal_at=13).read_record().progress
    assert progress is not None
    assert (progress.step, progress.epoch) == (13, 1)


def test_checkpoints_of_which_none_is_whole_are_not_called_missing(tmp_path: Path) -> None:
    run = stopped(tmp_path)
    for folder in run.checkpoint_paths.committed():
        folder.manifest_path.unlink()
    with pytest.raises(RunStateError, match=r"has no checkpoint that is whole to go on from"):
        trainer(tmp_path).fit(continue_from="x")


def test_a_created_run_begins_without_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    making = trainer(tmp_path)
    run = making.work_dir.create(making.config.to_json(), name="x")
    trainer(tmp_path).resume("x")
    assert run.status().word == "completed"
    assert "anew" not in caplog.text


def test_there_must_be_a_checkpoint_to_go_on_from(tmp_path: Path) -> None:
    run = trainer(tmp_path).work_dir.create({"format": 1})
    with pytest.raises(RunStateError, match=r"has no checkpoint to go on from; .*--init-from"):
        trainer(tmp_path).fit(continue_from=run.path)


def test_a_new_run_begins_with_the_weights_of_another_or_of_a_file(tmp_path: Path) -> None:
    first = trainer(tmp_path).fit(run="first")
    slow = {"optimizer_kwargs.lr": 1e-12, "fit_kwargs.max_epochs": 1}
    of_run = trainer(tmp_path).fit(slow, init_from="first")
    of_file = trainer(tmp_path).fit(slow, init_from=first.weights_file("best"))
    expected = first.read_record().best[0].value
    for run in (of_run, of_file):
        assert run.read_record().best[0].value == pytest.approx(expected)
    (parent,) = of_run.read_record().parents
    assert (parent.relation, parent.run) == ("weights", "first")
    with pytest.raises(DataError, match="there is no file"):
        trainer(tmp_path).fit(init_from="gone.safetensors")
    with pytest.raises(ConfigError, match="give one of them"):
        trainer(tmp_path).fit(init_from="first", continue_from="first")


def test_a_smoke_test_leaves_nothing_in_the_training(tmp_path: Path) -> None:
    plain = trainer(tmp_path).fit()
    tried = trainer(tmp_path).fit(smoke=True)
    assert weights(tried) == weights(plain)
    assert tables(tried) == tables(plain)


def test_a_run_with_the_config_of_one_and_the_weights_of_another_has_two_parents(
    tmp_path: Path,
) -> None:
    first = trainer(tmp_path).fit(run="first")
    second = trainer(tmp_path).fit(run="second")
    again = trainer(tmp_path)
    again.load_run("first")
    made = again.fit({"seed": 4}, init_from="second")
    parents = [(p.relation, p.id) for p in made.read_record().parents]
    assert parents == [
        ("changed config", first.read_record().id),
        ("weights", second.read_record().id),
    ]
