"""`stride doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def test_what_is_well_is_said(stride: Any, trained: Any) -> None:
    trained()
    answer = stride("doctor", "exp")
    assert (answer.code, answer.out, answer.err) == (0, "exp is well\n", "")
    assert stride("doctor", "exp", "--json").json == {"findings": [], "problems": 0, "mended": 0}


def test_problems_are_listed_mended_and_counted(stride: Any, trained: Any) -> None:
    trained().labels_path.write_text("{")
    trained().config_path.write_text("{")
    answer = stride("doctor", "exp")
    assert answer.code == 3
    assert answer.out.splitlines()[0].startswith("problem  exp/0/labels.json: torn file: it is not")
    assert answer.err == "error: 2 problems remain in exp; --fix mends 1 of them\n"
    mended = stride("doctor", "exp", "--fix")
    assert mended.code == 3
    assert "mended  exp/0/labels.json" in mended.out
    assert "  moved to " in mended.out
    assert mended.err == "1 mended\nerror: 1 problem remains in exp\n"
    (left,) = stride("doctor", "exp", "--json").json["findings"]
    assert (left["kind"], left["mendable"], left["done"]) == ("torn file", False, None)
    assert stride("trash", "exp").err.startswith("besides, ")


def test_a_torn_config_of_the_experiment_is_found_and_not_refused(
    stride: Any, trained: Any
) -> None:
    trained()
    Path("exp/config.json").write_text("")
    answer = stride("doctor", "exp")
    assert answer.code == 3
    assert "exp/config.json: torn file: it is empty" in answer.out


@pytest.mark.parametrize("arguments", [[], ["nowhere"], ["folder"], ["exp/0"]])
def test_what_is_no_experiment_is_refused(stride: Any, trained: Any, arguments: list[str]) -> None:
    trained()
    Path("folder").mkdir()
    answer = stride("doctor", *arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
