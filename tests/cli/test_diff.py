"""`stride diff`."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stride.cli.diff import FIELDS
from stride.files import read_json, write_json
from stride.store.provenance.folder import ProvenanceFolder
from stride.store.provenance.take import take
from stride.store.record import write_record
from stride.store.run import Run
from stride.store.work_dir import WorkDir

SETTINGS = {
    "seed": 0,
    "model_kwargs": {"model_name": "MLP", "hidden_dims": [64]},
    "optimizer_kwargs": {"optimizer_name": "AdamW", "lr": 0.001},
}


def with_data(run: Run, fingerprints: Mapping[str, str]) -> None:
    """Write fingerprints into the record of a run that has ended."""
    record = msgspec.structs.replace(run.read_record(), fingerprints=dict(fingerprints))
    write_record(run.record_path, record)


def row(answer: Any, name: str) -> list[str]:
    """The cells of the row with a name."""
    return next(line.split() for line in answer.out.splitlines() if line.split()[:1] == [name])


def test_only_what_differs_is_shown_and_the_results_beside_it(stride: Any, trained: Any) -> None:
    trained(0.9)
    trained(0.95, optimizer_kwargs={"lr": 0.01})
    answer = stride("diff", "exp/0", "exp/1")
    assert answer.code == 0
    assert row(answer, "optimizer_kwargs.lr") == ["optimizer_kwargs.lr", "0.001", "0.01"]
    assert row(answer, "test_accuracy") == ["test_accuracy", "0.9000", "0.9500", "+0.0500"]
    assert "model_kwargs" not in answer.out


def test_all_shows_what_is_the_same_too(stride: Any, trained: Any) -> None:
    trained()
    trained()
    assert "model_kwargs.hidden_dims" not in stride("diff", "exp/0", "exp/1").out
    assert "model_kwargs.hidden_dims" in stride("diff", "exp/0", "exp/1", "--all").out


def test_sections_in_which_all_runs_agree_are_named(stride: Any, trained: Any) -> None:
    trained()
    trained()
    answer = stride("diff", "exp/0", "exp/1")
    assert "the same in all: config\n" in answer.out
    assert "not recorded: code, data, packages, machine\n" in answer.out


def test_any_number_of_runs_stand_beside_each_other(stride: Any, trained: Any) -> None:
    for seed in range(4):
        trained(seed=seed)
    answer = stride("diff", *(f"exp/{number}" for number in range(4)))
    assert row(answer, "seed") == ["seed", "0", "1", "2", "3"]
    assert "change" not in answer.out


def test_a_key_that_one_run_does_not_have_is_absent_there(stride: Any, trained: Any) -> None:
    trained()
    trained(model_kwargs={"model_name": "ResNet", "blocks": 3}, chosen=("model_kwargs.blocks",))
    assert row(stride("diff", "exp/0", "exp/1"), "model_kwargs.blocks")[1:] == ["-", "3"]
    answer = stride("diff", "exp/0", "exp/1", "--json").json
    assert answer["config"]["model_kwargs.blocks"] == {"exp/1": 3}


def test_the_fields_are_those_that_are_documented(stride: Any, trained: Any) -> None:
    trained()
    trained(seed=1)
    answer = stride("diff", "exp/0", "exp/1", "--json").json
    assert set(answer) == set(FIELDS)
    assert answer["config"] == {"seed": {"exp/0": 0, "exp/1": 1}}
    assert answer["unknown"]["code"] == ["exp/0", "exp/1"]


def test_what_follows_from_another_name_is_counted_unless_all_is_asked_for(
    stride: Any, trained: Any
) -> None:
    trained()
    trained(model_kwargs={"model_name": "ResNet", "hidden_dims": None, "blocks": 3})
    answer = stride("diff", "exp/0", "exp/1")
    assert "model_kwargs.blocks" not in answer.out
    assert "also differ in config: 2 keys that follow from model_name; --all" in answer.out
    assert "model_kwargs.blocks" in stride("diff", "exp/0", "exp/1", "--all").out
    assert "model_kwargs.blocks" in stride("diff", "exp/0", "exp/1", "--json").json["config"]


def test_a_run_that_was_only_created_is_not_compared_where_nothing_is_recorded(
    stride: Any, trained: Any, known: Any, tmp_path: Path
) -> None:
    with_data(known(trained()), {"train": "sha256:" + "a" * 64})
    WorkDir(tmp_path / "exp").create(SETTINGS)
    answer = stride("diff", "exp/0", "exp/1")
    sections = [line for line in answer.out.splitlines() if line and line[0] != " "]
    assert sections == [
        "results",
        "the same in all: config",
        "not recorded for exp/1: code, data, packages, machine",
    ]
    assert row(answer, "status")[1:] == ["completed", "created"]
    assert stride("diff", "exp/0", "exp/1", "--json").json["packages"] == {}
    assert "packages" in stride("diff", "exp/0", "exp/1", "--all").out.splitlines()


def test_sizes_and_digests_are_short_for_people_and_whole_in_json(
    stride: Any, trained: Any, known: Any
) -> None:
    for number in range(2):
        with_data(known(trained()), {"train": f"sha256:{number}" + "b" * 63})
    answer = stride("diff", "exp/0", "exp/1", "--all")
    assert re.search(r"\n  memory +\S+ GB ", answer.out)
    assert row(answer, "train") == ["train", "0" + "b" * 11, "1" + "b" * 11]
    whole = stride("diff", "exp/0", "exp/1", "--all", "--json").json
    assert whole["machine"]["memory"]["exp/0"] > 10**6
    assert whole["data"]["train"]["exp/1"] == "sha256:1" + "b" * 63


def test_some_bytes_of_memory_more_are_no_difference(stride: Any, trained: Any, known: Any) -> None:
    for more in (0, 4096):
        path = ProvenanceFolder(known(trained()).attempt_provenance_path(1)).machine_path
        tree = read_json(path)
        write_json(path, tree | {"memory": 16_000_000_000 + more})
    assert (
        "the same in all: config, code, packages, machine\n" in stride("diff", "exp/0", "exp/1").out
    )
    assert "memory" in stride("diff", "exp/0", "exp/1", "--json").json["machine"]


def test_what_a_later_attempt_changed_is_compared_and_marked(stride: Any, trained: Any) -> None:
    trained()
    trained(overrides=("optimizer_kwargs.lr=0.5",))
    answer = stride("diff", "exp/0", "exp/1")
    assert row(answer, "optimizer_kwargs.lr")[1:] == ["0.001", "0.5*"]
    assert answer.out.endswith("* changed by a later attempt\n")
    assert stride("diff", "exp/0", "exp/1", "--json").json["config"] == {
        "optimizer_kwargs.lr": {"exp/0": 0.001, "exp/1": 0.5}
    }


@pytest.mark.parametrize("runs", [["exp/0"], ["exp/0", "exp/0"], []])
def test_less_than_two_runs_are_no_comparison(stride: Any, trained: Any, runs: list[str]) -> None:
    trained()
    answer = stride("diff", *runs)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)


def test_a_run_that_cannot_be_read_ends_it_with_3(stride: Any, trained: Any) -> None:
    trained()
    trained().record_path.write_text("{")
    answer = stride("diff", "exp/0", "exp/1")
    assert (answer.code, answer.out) == (3, "")
    assert "run.json" in answer.err


@pytest.fixture
def two_codes(trained: Any, repository: Any) -> list[str]:
    """Addresses of two runs; the code of the second has a changed file and a new one."""

    def run_from_code() -> None:
        run = trained()
        target = run.attempt_provenance_path(1)
        take(target, experiment=run.work_dir, source=repository.path, argv=["train"])

    run_from_code()
    repository.write("model.py", "one = 1\ntwo = 22\nthree = 3\n")
    repository.write("new.py", b"caf\xe9 = 1\n")
    run_from_code()
    return ["exp/0", "exp/1"]


def test_files_of_the_code_that_differ_are_counted(stride: Any, two_codes: list[str]) -> None:
    answer = stride("diff", *two_codes)
    assert answer.out.endswith(
        "files, exp/0 to exp/1\n"
        "  model.py  +1  −1\n"
        "  new.py    +1      new\n"
        "  2 files, +2 −1\n"
        "\n"
        "--code shows the patch\n"
    )
    assert answer.err == ""


def test_the_patch_is_written_byte_for_byte_and_nothing_else(
    stride_process: Any, two_codes: list[str], repository: Any, tmp_path: Path
) -> None:
    patch = tmp_path / "changes.patch"
    with patch.open("wb") as stream:
        command = [sys.executable, "-m", "stride", "diff", *two_codes, "--code"]
        subprocess.run(command, cwd=tmp_path, stdout=stream, check=True)
    repository.git("stash", "-q", "-u")
    repository.git("apply", "--index", str(patch))
    assert (repository.path / "new.py").read_bytes() == b"caf\xe9 = 1\n"
    assert (repository.path / "model.py").read_text() == "one = 1\ntwo = 22\nthree = 3\n"


def test_the_patch_is_in_json_where_it_is_asked_for(stride: Any, two_codes: list[str]) -> None:
    (without,) = stride("diff", *two_codes, "--json").json["patches"]
    assert without["patch"] is None
    assert without["files"][0] == {
        "path": "model.py",
        "change": "changed",
        "before": None,
        "added": 1,
        "removed": 1,
    }
    (with_patch,) = stride("diff", *two_codes, "--json", "--code").json["patches"]
    assert "+two = 22\n" in with_patch["patch"]


def test_codes_that_are_the_same_have_no_patch(
    stride: Any, two_codes: list[str], trained: Any, repository: Any
) -> None:
    run = trained()
    take(run.attempt_provenance_path(1), experiment=run.work_dir, source=repository.path)
    answer = stride("diff", "exp/1", "exp/2", "--code")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "the same code: exp/1 and exp/2\n"
    assert "files," not in stride("diff", "exp/1", "exp/2", "--all").out


def test_a_patch_that_cannot_be_made_is_a_sentence_beside_it(
    stride: Any, two_codes: list[str], trained: Any, repository: Any, tmp_path: Path
) -> None:
    repository.commit()
    run = trained()
    take(run.attempt_provenance_path(1), experiment=run.work_dir, source=repository.path)
    repository.write("model.py", "x = 3\n")
    repository.commit()
    run = trained()
    take(run.attempt_provenance_path(1), experiment=run.work_dir, source=repository.path)
    shutil.rmtree(repository.path)
    answer = stride("diff", "exp/0", "exp/1", "exp/3", "--code")
    assert answer.code == 0
    assert answer.out.startswith("patch from exp/0 to exp/1\n")
    assert "no patch from exp/0 to exp/3: the commit" in answer.err
    assert "the kept diffs are compared" in answer.err
    shown = stride("diff", "exp/0", "exp/3")
    assert "no patch from exp/0 to exp/3: the commit" in shown.out
    refused = stride("diff", "exp/0", "exp/3", "--repository", "nowhere")
    assert (refused.code, refused.out) == (2, "")


def test_a_query_chooses_the_runs_of_experiments(stride: Any, trained: Any) -> None:
    for lr in (0.1, 0.2, 0.3):
        trained(optimizer_kwargs={"lr": lr})
    answer = stride("diff", "exp", "--where", "lr > 0.1")
    assert row(answer, "optimizer_kwargs.lr") == ["optimizer_kwargs.lr", "0.2", "0.3"]
    for query, count in (("lr > 1", "no run"), ("lr == 0.1", "one run")):
        answer = stride("diff", "exp", "--where", query)
        assert (answer.code, answer.out) == (2, "")
        assert answer.err == f"error: the query is true of {count}; diff compares two or more\n"
