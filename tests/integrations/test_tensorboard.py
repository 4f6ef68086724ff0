"""TensorBoard: what it reads is what the training told."""

from __future__ import annotations

import logging
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stride.store.run import Run
from stride.training.callbacks import Callbacks
from stride.training.moments import EpochEnded, FitBegins, FitEnded, Plan, StepLogged

pytest.importorskip("tensorboard", reason="TensorBoard comes with the extra `tensorboard`")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from stride.integrations.tensorboard import TensorBoard

PLAN = Plan(max_epochs=2, steps_an_epoch=4, steps=8, samples_a_step=64.0)


def read(run: Run) -> dict[str, list[tuple[int, float]]]:
    """Every series that TensorBoard finds: steps and values."""
    found = EventAccumulator(str(run.tensorboard_path), size_guidance={"scalars": 0}).Reload()
    return {
        tag: [(event.step, event.value) for event in found.Scalars(tag)]
        for tag in found.Tags()["scalars"]
    }


def test_rows_and_results_are_series_of_their_split(tmp_path: Path) -> None:
    run = Run(tmp_path / "0")
    board = TensorBoard()
    board.observe(FitBegins(run, 0, PLAN))
    board.observe(StepLogged(2, 1, {"step": 2, "epoch": 1, "lr": 0.5, "loss": 0.25}))
    board.observe(
        EpochEnded(4, 1, {"epoch": 1, "step": 4, "lr": 0.5, "train_loss": 0.5, "val_accuracy": 1.0})
    )
    assert read(run)["train/loss"] == [(4, 0.5)]  # while it trains, too
    board.observe(StepLogged(6, 2, {"step": 6, "epoch": 2, "lr": 0.25, "loss": 0.125}))
    board.observe(FitEnded("completed", results={"test_loss": 2.0}))
    assert read(run) == {
        "step/lr": [(2, 0.5), (6, 0.25)],
        "step/loss": [(2, 0.25), (6, 0.125)],
        "train/loss": [(4, 0.5)],
        "val/accuracy": [(4, 1.0)],
        "test/loss": [(6, 2.0)],
    }


def test_a_training_that_goes_on_hides_what_is_computed_again(tmp_path: Path) -> None:
    run = Run(tmp_path / "0")
    first, second = TensorBoard(), TensorBoard()
    first.observe(FitBegins(run, 0, PLAN))
    for step in (1, 2, 3, 4):
        first.observe(StepLogged(step, 1, {"loss": float(step)}))
    (path,) = run.tensorboard_path.iterdir()
    path.write_bytes(path.read_bytes()[:-5])  # killed while it wrote
    second.observe(FitBegins(run, 2, PLAN))  # the checkpoint was that of step 2
    second.observe(StepLogged(3, 1, {"loss": 30.0}))
    assert read(run)["step/loss"] == [(1, 1.0), (2, 2.0), (3, 30.0)]


def test_a_training_that_begins_again_hides_everything(tmp_path: Path) -> None:
    run = Run(tmp_path / "0")
    first, second = TensorBoard(), TensorBoard()
    first.observe(FitBegins(run, 0, PLAN))
    first.observe(StepLogged(1, 1, {"loss": 1.0}))
    second.observe(FitBegins(run, 0, PLAN))
    second.observe(StepLogged(1, 1, {"loss": 10.0}))
    assert read(run)["step/loss"] == [(1, 10.0)]


def test_numbers_that_are_not_finite_and_words_end_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path / "0")
    board = TensorBoard()
    board.observe(FitBegins(run, 0, PLAN))
    board.observe(StepLogged(1, 1, {"loss": float("inf"), "huge": 1e300, "word": "a", "no": None}))
    assert read(run) == {"step/loss": [(1, float("inf"))], "step/huge": [(1, float("inf"))]}


def test_a_disk_that_refuses_is_said_once_and_nothing_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = Run(tmp_path / "0")
    callbacks = Callbacks([TensorBoard()])
    with caplog.at_level(logging.WARNING, "stride"):
        callbacks.tell(FitBegins(run, 0, PLAN))
        _full_disk(run, callbacks)
    callbacks.tell(StepLogged(40, 1, {"loss": 40.0}))
    (record,) = caplog.records
    assert "larger than the limit allows" in record.getMessage()
    assert "kept in memory and written later" in record.getMessage()
    assert read(run)["step/loss"] == [(step, float(step)) for step in range(1, 41)]


def _full_disk(run: Run, callbacks: Callbacks) -> None:
    """Tell 39 steps while no file may grow over 300 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    try:
        for step in range(1, 40):
            callbacks.tell(StepLogged(step, 1, {"loss": float(step)}))
        (path,) = run.tensorboard_path.iterdir()
        assert path.stat().st_size <= 300
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_without_the_package_it_is_one_sentence(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['tensorboard'] = None\n"
        "from stride.errors import ConfigError\n"
        "try: import stride.integrations.tensorboard\n"
        "except ConfigError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install 'stride-experiments[tensorboard]'" in done.stdout
