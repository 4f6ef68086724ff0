"""`stride show`."""

from pathlib import Path
from typing import Any

import pytest

from stride.cli.show import FIELDS
from stride.store.work_dir import WorkDir


def test_one_page_tells_status_results_config_attempts_and_files(stride: Any, trained: Any) -> None:
    trained(0.93127)
    page = stride("show", "exp/0").out
    assert page.startswith("exp/0  completed\n")
    for text in ("best val_accuracy  0.9313 (max, epoch 2, step 20)", "test_accuracy  0.9313"):
        assert text in page
    assert "results/metrics.json" in page
    assert "Attempts" in page


def test_keys_that_people_chose_are_marked(stride: Any, trained: Any) -> None:
    trained()
    lines = stride("show", "exp/0").out.splitlines()
    marked = [line.split()[1] for line in lines if line.startswith("  * ")]
    assert marked == ["optimizer_kwargs.lr"]


def test_labels_and_locks_are_told_apart(stride: Any, trained: Any) -> None:
    trained().write_labels(add_tags=("paper",), note="the one\nfor the figure")
    page = stride("show", "exp/0").out
    assert "paper" in page
    assert "the one\\nfor the figure" in page
    assert ".lock" not in page


def test_a_failed_run_tells_its_error_and_where(stride: Any, tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({"seed": 1})
    with pytest.raises(RuntimeError), run.start():
        raise RuntimeError("the loss exploded")
    page = stride("show", "exp/0").out
    assert page.startswith("exp/0  failed\n")
    assert "RuntimeError: the loss exploded" in page
    assert "test_show.py" in page
    assert stride("show", "exp/0", "--json").json["error"]["type"] == "RuntimeError"


def test_the_fields_are_those_that_are_documented(stride: Any, trained: Any) -> None:
    trained()
    answer = stride("show", "exp/0", "--json").json
    assert set(answer) == set(FIELDS)
    assert answer["results"] == {"metrics": {"test_accuracy": 0.9}}
    assert answer["config"]["optimizer_kwargs"]["lr"] == 0.001
    assert "format" not in answer["config"]


def test_a_name_and_latest_lead_to_the_run(stride: Any, trained: Any) -> None:
    trained()
    trained(name="baseline")
    assert stride("show", "exp/baseline").out.startswith("exp/baseline  completed")
    assert stride("show", "exp/latest").out.startswith("exp/0  completed")


@pytest.mark.parametrize("file", ["config.json", "run.json"])
@pytest.mark.parametrize("content", ["", "{", "[1]", '{"format": 99}'])
def test_a_run_that_cannot_be_read_is_one_sentence_and_exit_3(
    stride: Any, trained: Any, file: str, content: str
) -> None:
    (trained().path / file).write_text(content)
    answer = stride("show", "exp/0")
    assert (answer.code, answer.out, answer.err.count("\n")) == (3, "", 1)
    assert file in answer.err


def test_a_results_file_that_is_torn_does_not_hide_the_rest(stride: Any, trained: Any) -> None:
    trained().results_metrics_path.write_text('{"test_')
    answer = stride("show", "exp/0")
    assert answer.code == 0
    assert "metrics.json is not JSON" in answer.out
