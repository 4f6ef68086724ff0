"""`stride export` and `stride import`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stride.cli.own_code import announce
from stride.errors import UsageError
from stride.store.work_dir import WorkDir
from tests.store.kept_runs import add_checkpoint, completed, stopped


def test_runs_go_into_an_archive_and_come_out(stride: Any, trained: Any) -> None:
    trained(0.1)
    trained(0.2, name="baseline")
    packed = stride("export", "exp", "-o", "runs.zip")
    assert packed.code == 0
    assert packed.out.startswith("runs.zip  2 runs, ")
    taken = stride("import", "runs.zip", "other")
    assert taken.out == "other/0  was exp/0\nother/1  was exp/baseline\n"
    ids = [{run["id"] for run in stride("list", name, "--json").json} for name in ("exp", "other")]
    assert ids[0] == ids[1]
    again = stride("import", "runs.zip", "other")
    assert again.code == 2
    assert "is in other/0 already, and 1 more are there; --skip-existing" in again.err
    skipped = stride("import", "runs.zip", "other", "--skip-existing")
    assert (skipped.code, skipped.out) == (0, "")
    assert "run 0 is left out: it is in other/0 already" in skipped.err


def test_the_answers_come_as_json(stride: Any, trained: Any) -> None:
    trained(0.1)
    packed = stride("export", "exp/0", "-o", "runs.tar.gz", "--json").json
    assert packed["size"] == Path("runs.tar.gz").stat().st_size
    assert packed["runs"][0]["address"] == "exp/0"
    taken = stride("import", "runs.tar.gz", "other", "--json").json
    assert taken["runs"][0]["id"] == packed["runs"][0]["id"]
    assert taken["runs"][0]["origin"] == {"experiment": "exp", "run": "0", "archive": "runs.tar.gz"}
    again = stride("import", "runs.tar.gz", "other", "--skip-existing", "--json").json
    assert again["skipped"] == [{"run": "0", "id": packed["runs"][0]["id"], "where": "other/0"}]


def test_what_is_not_in_it_is_said(stride: Any, tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    for run in (completed(experiment), stopped(experiment)):
        for step in (10, 20):
            add_checkpoint(run, step)
    (experiment.run(0).path / "link").symlink_to("config.json")
    said = stride("export", "exp", "-o", "a.tar").err
    assert "without 3 checkpoints of exp/0, exp/1; --checkpoints takes all" in said
    assert "without exp/0/link: symbolic link" in said
    assert "checkpoint" not in stride("export", "exp", "-o", "b.tar", "--checkpoints").err
    assert "without 4 checkpoints" in stride("export", "exp", "-o", "c.tar", "--no-checkpoints").err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["exp/0"], "--output runs.tar.gz"),
        (["exp/0", "-o", "runs"], "end it in .tar.gz, .tar or .zip"),
        (["exp/0", "-o", "there.tar"], "exists already"),
        (["exp/0", "-o", "no/where.tar"], "there is no folder"),
        (["exp/9", "-o", "a.tar"], "run 9 is not in exp"),
        (["exp/latest", "-o", "a.tar"], "means another run tomorrow"),
    ],
)
def test_what_cannot_be_packed_is_one_sentence(
    stride: Any, trained: Any, arguments: list[str], text: str
) -> None:
    trained()
    Path("there.tar").write_text("mine")
    answer = stride("export", *arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert text in answer.err
    assert sorted(path.name for path in Path().iterdir()) == ["exp", "there.tar"]


def test_an_archive_that_is_none_makes_no_experiment(stride: Any) -> None:
    Path("a.zip").write_text("no archive")
    for archive in ("a.zip", "nowhere.zip"):
        answer = stride("import", archive, "exp")
        assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert not Path("exp").exists()


def test_code_that_an_imported_run_names_needs_trust(stride: Any, trained: Any) -> None:
    trained(model_kwargs={"model_name": "evil:Net"})
    stride("export", "exp", "-o", "a.tar")
    stride("import", "a.tar", "other")
    answer = stride("load-run", "other/0")
    assert answer.code == 2
    assert "other/0 was imported, and loading it runs code that it names: evil:Net" in answer.err
    assert "--trust" in answer.err
    references = {"model_kwargs.model_name": "evil:Net"}
    with pytest.raises(UsageError):
        announce(WorkDir("other").run(0), references, trust=False, code=None)
    announce(WorkDir("other").run(0), references, trust=True, code=None)
    announce(WorkDir("exp").run(0), references, trust=False, code=None)
