"""`stride lineage`."""

from pathlib import Path
from typing import Any

from stride.cli.lineage import FIELDS
from stride.store.trash import remove_run
from stride.store.work_dir import WorkDir

IN_EXP = ("--config", "work_dir=exp", "--config", "model_kwargs.hidden_dims=4")


def test_a_run_stands_between_what_it_was_made_from_and_what_was_made_from_it(
    stride: Any, tmp_path: Path
) -> None:
    stride("create", *IN_EXP)
    stride("create", "--parent", "exp/0", "--config", "optimizer_kwargs.lr=0.5")
    stride("create", "--parent", "exp/1")
    answer = stride("lineage", "exp/1")
    assert answer.out.splitlines() == [
        "made from",
        "└─ exp/0  created  changed config: lr 0.001 → 0.5",
        "",
        "exp/1  created",
        "└─ exp/2  created  same config",
    ]
    remove_run(WorkDir(tmp_path / "exp").run(0))
    assert "└─ exp/0  in the trash  changed config" in stride("lineage", "exp/1").out
    assert stride("lineage", "exp").out.splitlines()[:2] == [
        "exp/0  in the trash",
        "└─ exp/1  created  changed config: lr 0.001 → 0.5",
    ]


def test_the_answer_in_json_has_the_documented_fields(stride: Any) -> None:
    stride("create", *IN_EXP)
    stride("create", "--parent", "exp/0", "--config", "seed=3")
    answer = stride("lineage", "exp/1", "--json").json
    assert set(answer) == set(FIELDS)
    assert answer["run"] == "exp/1"
    (child,) = [each for each in answer["relatives"] if each["address"] == "exp/1"]
    assert child["parents"][0]["changes"] == {"seed": [0, 3]}


def test_runs_that_have_no_relatives_say_so(stride: Any) -> None:
    stride("create", *IN_EXP)
    assert stride("lineage", "exp/0").out.splitlines()[1:] == [
        "it was made from no other run, and none from it"
    ]
    assert stride("lineage", "exp").out == "1 run has neither parents nor children\n"
    missing = stride("lineage", "exp/7")
    assert (missing.code, missing.err.count("\n")) == (2, 1)
