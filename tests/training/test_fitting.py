"""Fitting: what fails before the run leaves none, what fails in it is told by it."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from stride.errors import RunBusyError, RunStateError, StoppedError
from stride.store.record import Status
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.output import Output
from stride.training.task import Task
from stride.training.trainer import Trainer

DATA = TensorDataset(torch.ones(8, 2), torch.ones(8, 1))


class Raising(Task):
    """A task that ends its training."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def step(self, model: nn.Module, batch: Any) -> Output:
        raise self.error


def _trainer(folder: Path, task: Task) -> Trainer:
    return Trainer(
        folder / "exp",
        model=nn.Linear(2, 1),
        task=task,
        datasets={"train": DATA},
        log_kwargs={"progress": False},
    )


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("no such thing"), Status.FAILED),
        (MemoryError(), Status.FAILED),
        (KeyboardInterrupt(), Status.STOPPED),
        (StoppedError("enough"), Status.STOPPED),
        (SystemExit(3), Status.FAILED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_exception_ends_the_run_with_its_reason_and_is_raised_again(
    tmp_path: Path, error: BaseException, status: Status
) -> None:
    trainer = _trainer(tmp_path, Raising(error))
    with pytest.raises(type(error)):
        trainer.fit()
    run = trainer.work_dir.run(0)
    record = run.read_record()
    assert record.status is status
    if status is Status.FAILED:
        assert record.error is not None
        assert (record.error.type, record.error.message) == (type(error).__name__, str(error))
        assert f"{type(error).__name__}: {error}" in run.log_path().read_text()
    assert run.weights_file("last").exists()
    trainer.load_run(0)


def test_a_failure_tells_where_it_was_raised(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such thing"):
        _trainer(tmp_path, Raising(ValueError("no such thing"))).fit()
    error = WorkDir(tmp_path / "exp").run(0).read_record().error
    assert error is not None
    assert "test_fitting.py" in str(error.where)


class Talking(Task):
    """A task that says all that can be said."""

    def step(self, model: nn.Module, batch: Any) -> Output:
        print("printed")  # noqa: T201
        logging.getLogger("users").warning("logged")
        warnings.warn("warned", UserWarning, stacklevel=1)
        return Output(model(batch[0]).square().mean(), len(batch[0]))


def test_what_user_code_says_in_a_fit_is_in_its_log(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="warned"):
        run = _trainer(tmp_path, Talking()).fit({"fit_kwargs.max_epochs": 1})
    log = run.log_path().read_text()
    for text in ("stdout: printed", "users: logged", "UserWarning: warned", "[Epoch 1/1]"):
        assert text in log


class Looking(Task):
    """A task that looks at its own run, and tries to train it a second time."""

    def __init__(self, run: Path) -> None:
        self.run = run

    def step(self, model: nn.Module, batch: Any) -> Output:
        run = Run(self.run)
        (self.run / "seen").write_text(run.status().text)
        with pytest.raises(RunBusyError):
            run.start()
        return Output(model(batch[0]).square().mean(), len(batch[0]))


def test_while_it_trains_a_run_is_alive_and_nobody_else_may_train_it(tmp_path: Path) -> None:
    task = Looking(tmp_path / "exp" / "0")
    run = _trainer(tmp_path, task).fit({"fit_kwargs.max_epochs": 1})
    assert (run.path / "seen").read_text() == "running"
    with pytest.raises(RunStateError, match="completed"):
        run.start()


def test_a_fit_works_in_another_thread(tmp_path: Path) -> None:
    runs: list[Run] = []
    trainer = _trainer(tmp_path, Talking())

    def work() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runs.append(trainer.fit({"fit_kwargs.max_epochs": 1}))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert runs[0].read_record().status is Status.COMPLETED


def test_a_closed_screen_does_not_end_a_training(tmp_path: Path) -> None:
    trainer = _trainer(tmp_path, Talking())
    stream = (tmp_path / "screen").open("w")
    stream.close()
    trainer._stream = stream
    with pytest.warns(UserWarning, match="warned"):
        run = trainer.fit({"fit_kwargs.max_epochs": 1, "log_kwargs.progress": True})
    assert run.read_record().status is Status.COMPLETED
    assert sys.stdout is not stream


class Fitting(Task):
    """A task whose step starts another training, in a thread of its own, and keeps what came."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.came: list[Exception] = []

    def step(self, model: nn.Module, batch: Any) -> Output:
        thread = threading.Thread(target=self._fit)
        thread.start()
        thread.join()
        return Output(model(batch[0]).sum(), 1, ())

    def _fit(self) -> None:
        try:
            _trainer(self.folder, Raising(ValueError("it was trained"))).fit()
        except (RunStateError, ValueError) as error:
            self.came.append(error)


def test_two_threads_do_not_train_at_once(tmp_path: Path) -> None:
    task = Fitting(tmp_path / "other")
    trainer = Trainer(
        tmp_path / "exp",
        model=nn.Linear(2, 1),
        task=task,
        datasets={"train": DATA},
        fit_kwargs={"max_steps": 1},
        log_kwargs={"progress": False},
    )
    assert trainer.fit().read_record().status is Status.COMPLETED
    assert [type(error) for error in task.came] == [RunStateError]
    assert not (tmp_path / "other").exists()


def test_a_run_that_was_tried_is_not_begun_again(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such thing"):
        _trainer(tmp_path, Raising(ValueError("no such thing"))).fit()
    with pytest.raises(RunStateError):
        WorkDir(tmp_path / "exp").run(0).start(first=True)
