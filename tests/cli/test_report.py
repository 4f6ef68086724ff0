"""`stride report`: the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stride.cli.report import FIELDS, PAGE_FIELDS
from stride.store.run import Run
from stride.store.work_dir import WorkDir


def test_a_page_is_written_into_the_current_folder(
    stride: Any, trained: Callable[..., Run], tmp_path: Path
) -> None:
    trained()
    answer = stride("report", "exp")
    assert (answer.code, answer.out) == (0, "report.html\n")
    assert answer.err.startswith("1 run, ")
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")


def test_the_fields_are_those_that_the_page_lists(
    stride: Any, trained: Callable[..., Run], tmp_path: Path
) -> None:
    trained()
    found = stride("report", "exp", "-o", "exp.html", "--json").json
    assert found.keys() == PAGE_FIELDS.keys() <= FIELDS.keys()
    assert found["bytes"] == (tmp_path / "exp.html").stat().st_size
    assert (found["runs"], found["points"], found["notes"]) == (1, 200, [])


def test_a_page_of_stride_is_replaced_and_no_other_file(
    stride: Any, trained: Callable[..., Run], tmp_path: Path
) -> None:
    trained()
    page = tmp_path / "report.html"
    assert stride("report", "exp").code == 0
    first = page.read_text()
    trained(name="another")
    assert stride("report", "exp").code == 0
    assert page.read_text() != first
    page.write_text("mine")
    answer = stride("report", "exp")
    assert (answer.code, page.read_text()) == (2, "mine")
    assert "no page of stride" in answer.err


def test_only_the_runs_of_a_query_and_only_the_newest(
    stride: Any, trained: Callable[..., Run]
) -> None:
    for accuracy in (0.1, 0.2, 0.3):
        trained(accuracy)
    some = stride("report", "exp", "--where", "val_accuracy > 0.15", "--json").json
    assert some["runs"] == 2
    newest = stride("report", "exp", "--limit", "1", "--json")
    assert newest.json["runs"] == 1
    assert newest.err.startswith("1 newest of 3 runs; --limit 0 takes all")
    assert stride("report", "exp", "--limit", "0", "--json").json["runs"] == 3


def test_an_experiment_without_runs_has_a_page_too(stride: Any, tmp_path: Path) -> None:
    WorkDir(tmp_path / "exp").initialize()
    answer = stride("report", "exp")
    assert answer.code == 0
    assert answer.err.startswith("0 runs, ")


def test_what_cannot_be_read_is_said(stride: Any, trained: Callable[..., Run]) -> None:
    trained()
    trained().record_path.write_text("{")
    answer = stride("report", "exp")
    assert answer.code == 0
    assert "run.json is not JSON" in answer.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nowhere",), "there is no experiment nowhere"),
        (("exp", "-o", "a.pdf"), "a report is a page"),
        (("exp", "-o", "no/a.html"), "there is no folder no"),
        (("exp", "--where", "val_acuracy > 1"), "val_accuracy"),
        (("exp", "--limit", "-1"), "--limit takes a whole number"),
    ],
)
def test_wrong_usage_is_one_sentence(
    stride: Any,
    trained: Callable[..., Run],
    tmp_path: Path,
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    trained()
    answer = stride("report", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert sentence in answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["exp"]
