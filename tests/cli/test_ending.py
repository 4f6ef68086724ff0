"""The end of a training in words."""

import re
from pathlib import Path
from typing import Any

import pytest

from stride.cli.ending import failure, numbers_text, stopped_text, summary_text
from stride.errors import NonFiniteError, StorageError
from stride.store.row import read_row
from stride.store.work_dir import WorkDir


def test_metrics_stand_in_one_line() -> None:
    assert numbers_text({"test_loss": 0.25, "test_r2": 1e-7}) == "test_loss=0.2500  test_r2=1e-07"


def test_a_summary_has_the_best_value_and_where_it_was(trained: Any) -> None:
    text = summary_text(read_row(trained(0.93127)))
    assert re.fullmatch(r"completed in \d+s  best val_accuracy=0\.9313 \(epoch 2\)", text)


def test_an_interruption_tells_what_became_of_the_run(trained: Any) -> None:
    run = trained()
    assert stopped_text(run) == f"interrupted; {run.address} is completed after step 20"


def test_what_says_itself_what_to_do_is_no_traceback(
    trained: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained()
    assert str(failure(run, NonFiniteError("lower lr"))) == f"{run.address} failed: lower lr"
    assert capsys.readouterr().err == ""
    sentence = str(failure(run, ValueError("oh")))
    assert sentence == (
        f"{run.address} failed: ValueError: oh; stride log {run.address} shows its log"
    )
    assert "ValueError: oh" in capsys.readouterr().err


def test_a_run_that_could_not_be_begun_has_not_failed(tmp_path: Path) -> None:
    run = WorkDir(tmp_path).create({"format": 1})
    said = str(failure(run, StorageError("cannot write it: the disk is full")))
    assert said == f"{run.address} was not begun: cannot write it: the disk is full"
