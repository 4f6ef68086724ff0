"""`stride list` with a query, an order, columns, groups, CSV, over one or several experiments."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stride.cli.run_groups import FIELDS as GROUP_FIELDS
from stride.store.record import BestRecord
from stride.store.run import Run
from stride.store.work_dir import WorkDir


def names(answer: Any) -> list[str]:
    """The runs of a table, without heading and notes."""
    assert answer.code == 0, answer.err
    lines = answer.out.split("\n\n")[0].splitlines()
    return [line.split()[0] for line in lines[1:]]


def test_a_query_finds_runs_and_a_key_sorts_them(stride: Any, trained: Any) -> None:
    for accuracy, lr in ((0.91, 0.1), (0.97, 0.01), (0.95, 0.1)):
        trained(accuracy, optimizer_kwargs={"lr": lr})
    assert names(stride("list", "exp", "--where", "lr == 0.1")) == ["2", "0"]
    assert names(stride("list", "exp", "--sort", "val_accuracy")) == ["0", "2", "1"]
    assert names(stride("list", "exp", "--sort", "-val_accuracy")) == ["1", "2", "0"]
    assert names(stride("list", "exp", "--sort", "best", "-n", "1")) == ["1"]
    assert names(stride("list", "exp", "-w", "lr > 0.05", "-w", "val_accuracy > 0.93")) == ["2"]


def test_the_rest_is_counted(stride: Any, trained: Any) -> None:
    for accuracy in (0.91, 0.97, 0.95):
        trained(accuracy)
    lines = stride("list", "exp", "--where", "val_accuracy > 0.92", "-n", "1").out.splitlines()
    assert lines[-1] == "1 newest of 2 runs; --limit 0 lists all"
    lines = stride("list", "exp", "--sort", "best", "-n", "2").out.splitlines()
    assert lines[-1] == "2 first of 3 runs; --limit 0 lists all"


def test_what_query_and_order_are_about_is_shown_beside_the_rest(stride: Any, trained: Any) -> None:
    trained(0.9).write_labels(note="tried again")
    asked = ("--where", "note ~ 'again'", "--sort", "min.val_accuracy,val_accuracy,created")
    heading = stride("list", "exp", *asked).out.splitlines()[0]
    assert heading.split() == [
        *("run", "status", "created", "progress", "best", "val_accuracy"),
        *("min.val_accuracy", "note"),
    ]


def test_where_no_run_fits_the_answer_is_empty_and_a_note_says_so(
    stride: Any, trained: Any
) -> None:
    trained()
    answer = stride("list", "exp", "--where", "val_accuracy > 1")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "the only run of exp does not fit\n"
    trained()
    answer = stride("list", "exp", "--where", "val_accuracy > 1", "--group-by", "config")
    assert (answer.out, answer.err) == ("", "none of the 2 runs of exp fits\n")
    assert stride("list", "exp", "--where", "val_accuracy > 1", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--where", "val_acuracy > 1"], "no run has val_acuracy; did you mean val_accuracy?"),
        (["--where", "val_accuracy = 1"], "a comparison is written =="),
        (["--where", ""], "the query is empty"),
        (["--sort", "val_acuracy"], "no run has val_acuracy; did you mean val_accuracy?"),
        (["--sort", ""], "a sort key is empty"),
        (["--columns", "vall_*"], "no column fits vall_*"),
        (["--columns", "lrr"], "no run has lrr; did you mean optimizer_kwargs.lr?"),
        (["--group-by", "modl_name"], "no run has modl_name; did you mean model_kwargs.model_nam"),
        (["--group-by", "config", "--sort", "status"], "groups are not sorted by status; "),
        (["--json", "--csv"], "--json and --csv are two answers"),
        (["--every", "3"], "--every says how often --watch draws"),
        (["--watch"], "--watch draws on a terminal"),
        (["--watch", "--json"], "--watch draws on a terminal; leave --json and --csv out"),
        (["--limit", "x", "--where", "lr == 1"], "--limit takes a whole number"),
    ],
)
def test_a_slip_is_one_sentence_and_nothing_else(
    stride: Any, trained: Any, arguments: list[str], sentence: str
) -> None:
    trained()
    answer = stride("list", "exp", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"error: {sentence}")
    assert answer.err.count("\n") == 1


def test_columns_are_chosen_by_name_and_glob(stride: Any, trained: Any) -> None:
    trained(0.91, optimizer_kwargs={"lr": 0.1})
    trained(0.92)
    out = stride("list", "exp", "--columns", "status,val_*,*.lr,last.*", "--columns", "seed").out
    heading, *rows = out.splitlines()
    assert heading.split() == ["run", "status", "val_accuracy", "lr", "last.val_accuracy", "seed"]
    assert rows[0].split() == ["1", "completed", "0.9200", "0.001", "0.9200", "0"]
    assert rows[1].split() == ["0", "completed", "0.9100", "0.1", "0.9100", "0"]


def test_columns_of_the_same_short_name_are_called_by_their_whole_names(
    stride: Any, tmp_path: Path
) -> None:
    WorkDir(tmp_path / "exp").create({"a": {"lr": 1}, "b": {"lr": 2}, "status": 3})
    out = stride("list", "exp", "--columns", "status,config.status,*.lr").out
    assert out.split() == [
        *("run", "run.status", "config.status", "a.lr", "b.lr"),
        *("0", "created", "3", "1", "2"),
    ]


def test_what_a_run_does_not_have_is_a_dash_and_null_is_null(stride: Any, tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    experiment.create({"a": None, "b": [1, 2]})
    experiment.create({"b": "text"})
    rows = stride("list", "exp", "--columns", "a,b", "--sort", "number").out.splitlines()
    assert [row.split() for row in rows[1:]] == [["0", "null", "[1,2]"], ["1", "-", "text"]]


def test_json_of_columns_has_the_address_and_what_the_run_has(
    stride: Any, trained: Any, tmp_path: Path
) -> None:
    trained(0.1 + 0.2)
    WorkDir(tmp_path / "exp").create({"seed": 7})
    assert stride("list", "exp", "--columns", "val_*,seed,status", "--json").json == [
        {"address": "exp/1", "config.seed": 7, "run.status": "created"},
        {
            "address": "exp/0",
            "metric.val_accuracy": 0.1 + 0.2,
            "config.seed": 0,
            "run.status": "completed",
        },
    ]


def test_json_of_a_query_has_the_fields_of_every_run(stride: Any, trained: Any) -> None:
    trained()
    trained(0.95)
    found = stride("list", "exp", "--where", "val_accuracy > 0.92", "--json").json
    assert found == stride("list", "exp", "--json", "--limit", "1").json


def test_csv_is_exact_and_whole(stride: Any, trained: Any) -> None:
    run = trained(0.1 + 0.2, model_kwargs={"model_name": 'a "b", c\nd'})
    run.write_labels(add_tags=("paper", "ü"))
    trained(0.5)
    rows = [*csv.DictReader(io.StringIO(stride("list", "exp", "--csv").out))]
    assert [row["address"] for row in rows] == ["exp/1", "exp/0"]
    assert float(rows[1]["metric.val_accuracy"]) == 0.1 + 0.2
    assert rows[1]["config.model_kwargs.model_name"] == 'a "b", c\nd'
    assert rows[1]["config.model_kwargs.hidden_dims"] == "[64]"
    assert rows[1]["run.tags"] == '["paper", "ü"]'
    assert rows[0]["run.created"].endswith("Z")
    asked = ("--csv", "--columns", "min.val_accuracy,note", "--sort", "number")
    assert stride("list", "exp", *asked).out.splitlines() == [
        "address,min.val_accuracy,run.note",
        f"exp/0,{0.1 + 0.2!r},",
        "exp/1,0.5,",
    ]


def test_runs_that_differ_in_the_seed_alone_are_one_group(stride: Any, trained: Any) -> None:
    for lr, seed, accuracy in (
        *((0.1, 0, 0.90), (0.1, 1, 0.92), (0.1, 2, 0.94)),
        *((0.2, 0, 0.95), (0.2, 2, 0.99)),
    ):
        trained(accuracy, optimizer_kwargs={"lr": lr}, seed=seed, device=f"cuda:{seed}")
    heading, *rows = stride("list", "exp", "--group-by", "config").out.splitlines()
    assert heading.split() == [
        "lr",
        "n",
        "val_accuracy",
        "spread",
        "min",
        "max",
        "missing",
        "seeds",
    ]
    assert rows[0].split() == ["0.2", "2", "0.9700", "0.0283", "0.9500", "0.9900", "1"]
    assert rows[1].split() == ["0.1", "3", "0.9200", "0.0200", "0.9000", "0.9400", "-"]
    found = stride("list", "exp", "--group-by", "config", "--json").json
    assert set(found[0]) == set(GROUP_FIELDS) - {"[]"}
    assert found[0]["group"] == {"config.optimizer_kwargs.lr": 0.2}
    assert (found[0]["n"], found[0]["seeds"], found[0]["missing_seeds"]) == (2, [0, 2], [1])
    assert found[0]["runs"] == ["exp/4", "exp/3"]
    assert found[1]["metrics"]["val_accuracy"] == {
        "count": 3,
        "mean": pytest.approx(0.92),
        "spread": pytest.approx(0.02),
        "min": 0.90,
        "max": 0.94,
    }
    assert found[1]["missing_seeds"] == []


def test_groups_are_by_named_keys_too_and_sorted_by_what_they_have(
    stride: Any, trained: Any
) -> None:
    for lr, accuracy in ((0.1, 0.90), (0.2, 0.95), (0.3, 0.8), (0.3, 0.84)):
        trained(accuracy, optimizer_kwargs={"lr": lr})

    def first_column(*arguments: str) -> list[str]:
        return names(stride("list", "exp", "--group-by", "lr", *arguments))

    assert first_column() == ["0.2", "0.1", "0.3"]
    assert first_column("--sort", "lr") == ["0.1", "0.2", "0.3"]
    assert first_column("--sort", "-n") == ["0.3", "0.2", "0.1"]
    assert first_column("--sort", "-best") == ["0.3", "0.1", "0.2"]
    assert first_column("--sort", "val_accuracy", "--limit", "1") == ["0.3"]
    assert first_column("--where", "val_accuracy < 0.85") == ["0.3"]
    out = stride("list", "exp", "--group-by", "lr", "--limit", "1").out
    assert out.splitlines()[-1] == "1 first of 3 groups; --limit 0 lists all"
    out = stride("list", "exp", "--group-by", "lr", "--columns", "min.val_accuracy").out
    assert out.splitlines()[0].split() == ["lr", "n", "min.val_accuracy", "spread", "min", "max"]


def test_groups_say_of_how_many_runs_there_is_a_value(
    stride: Any, trained: Any, tmp_path: Path
) -> None:
    run = trained(0.9)
    WorkDir(tmp_path / "exp").create({**run.read_config(), "seed": 1})
    lines = stride("list", "exp", "--group-by", "config").out.splitlines()
    assert lines[0].split() == ["n", "values", "val_accuracy", "spread", "min", "max"]
    assert lines[1].split() == ["2", "1", "0.9000", "-", "0.9000", "0.9000"]
    assert lines[-1].startswith("the runs differ in nothing but the seed")
    words = ("count", "mean", "spread", "min", "max")
    csv_lines = stride("list", "exp", "--group-by", "config", "--csv").out.splitlines()
    assert csv_lines == [
        "n,seeds,missing_seeds," + ",".join(f"metric.val_accuracy {word}" for word in words),
        '2,"[0, 1]",[],1,0.9,,0.9,0.9',
    ]


def test_groups_without_a_metric_ask_for_one(stride: Any, tmp_path: Path) -> None:
    WorkDir(tmp_path / "exp").create({"seed": 1})
    answer = stride("list", "exp", "--group-by", "config")
    assert answer.code == 2
    assert answer.err == "error: no run has a best value yet; name what to sum up with --columns\n"


@pytest.fixture
def two_experiments(trained: Any, tmp_path: Path) -> None:
    """`exps/a` with one run and `exps/b` with two, beside what is no experiment."""
    trained(0.91)
    shutil.move(tmp_path / "exp", tmp_path / "exps" / "a")
    trained(0.93)
    trained(0.92)
    shutil.move(tmp_path / "exp", tmp_path / "exps" / "b")
    (tmp_path / "exps" / "notes.txt").write_text("x")
    (tmp_path / "exps" / "figures").mkdir()


def test_several_experiments_are_listed_by_address(stride: Any, two_experiments: None) -> None:
    assert names(stride("list", "exps/a", "exps/b")) == ["exps/b/1", "exps/b/0", "exps/a/0"]
    assert names(stride("list", "exps/a", "exps/b", "--sort", "best", "-n", "2")) == [
        "exps/b/0",
        "exps/b/1",
    ]
    out = stride("list", "exps/a", "exps/b/", "exps/a", "--columns", "val_accuracy").out
    assert [row.split()[0] for row in out.splitlines()] == [
        *("run", "exps/b/1", "exps/b/0", "exps/a/0")
    ]
    assert stride("list", "exps/a", "exps/b", "--group-by", "seed").out.split()[-6:-3] == [
        *("0", "3", "0.9200")
    ]


def test_what_a_shell_names_beside_experiments_is_left_out_with_a_note(
    stride: Any, two_experiments: None
) -> None:
    found = sorted(map(str, Path("exps").iterdir()))
    answer = stride("list", *found, "--json")
    assert [run["address"] for run in answer.json] == ["exps/b/1", "exps/b/0", "exps/a/0"]
    assert answer.err == "no experiments, and left out: exps/figures, exps/notes.txt\n"
    answer = stride("list", "exps/figures", "exps/notes.txt")
    assert (answer.code, answer.out) == (2, "")
    assert "none of these is an experiment" in answer.err
    answer = stride("list", "exps/a", "exps/none")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "error: there is no experiment exps/none\n"


def test_experiments_below_a_folder_are_found(
    stride: Any, two_experiments: None, tmp_path: Path
) -> None:
    (tmp_path / "exps" / "link").symlink_to(tmp_path / "exps" / "a")
    (tmp_path / "exps" / ".hidden").symlink_to(tmp_path / "exps" / "a")
    assert names(stride("list", "exps", "-r")) == ["exps/b/1", "exps/b/0", "exps/a/0"]
    assert names(stride("list", "-r")) == ["exps/b/1", "exps/b/0", "exps/a/0"]
    assert names(stride("list", "-r", "exps/a")) == ["0"]
    answer = stride("list", "exps/figures", "-r")
    assert (answer.code, answer.err) == (2, "error: there is no experiment in exps/figures\n")
    assert stride("list", "nowhere", "-r").code == 2


def test_best_is_a_run_wherever_one_is_named(stride: Any, trained: Any, tmp_path: Path) -> None:
    for accuracy in (0.91, 0.97, 0.95):
        trained(accuracy)
    assert stride("show", "exp/best", "--json").json["address"] == "exp/1"
    assert stride("show", "exp/best:val_accuracy", "--json").json["address"] == "exp/1"
    answer = stride("show", "exp/best:val_speed")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: exp/best:val_speed: no run has the monitor val_speed; ")
    run = Run(tmp_path / "exp" / "2")
    (tmp_path / "exp" / "3").mkdir()
    other = WorkDir(tmp_path / "exp").create({"seed": 1})
    with other.start() as attempt:
        attempt.best(BestRecord(monitor="val_loss", mode="min", value=0.1))
    answer = stride("show", "exp/best")
    assert answer.code == 2
    assert "the runs have several monitors; write one of exp/best:val_accuracy, " in answer.err
    assert run.exists()


def test_control_characters_reach_no_terminal_but_are_whole_in_csv(
    stride: Any, trained: Any
) -> None:
    trained(model_kwargs={"model_name": "a\x1b[31mb"})
    assert "\x1b" not in stride("list", "exp", "--columns", "model_name").out
    assert "a\x1b[31mb" in stride("list", "exp", "--csv", "--columns", "model_name").out


def test_a_read_only_experiment_is_asked(stride: Any, trained: Any, tmp_path: Path) -> None:
    run = trained(0.9)
    for folder in (run.path, tmp_path / "exp"):
        folder.chmod(0o555)
    try:
        assert names(stride("list", "exp", "--where", "val_accuracy == 0.9")) == ["0"]
    finally:
        for folder in (run.path, tmp_path / "exp"):
            folder.chmod(0o755)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--where", "val_accuracy > 0.5 and created > '2 days ago'", "--sort", "best"],
        ["--columns", "*", "--csv"],
        ["--group-by", "config", "--json"],
    ],
)
def test_finding_imports_nothing_that_is_slow(
    trained: Any, tmp_path: Path, arguments: list[str]
) -> None:
    trained()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "stride", "list", "exp", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "stride.store.query.query" in imported
    assert {"torch", "numpy", "pandas", "pydantic", "filelock"}.isdisjoint(imported)


def test_the_newest_are_listed_without_index_and_language(trained: Any, tmp_path: Path) -> None:
    trained()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "stride", "list", "exp"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "stride.cli.listing" in imported
    assert not {name for name in imported if name.startswith("stride.store.query")}
    assert not {name for name in imported if name.startswith("stride.store.index")}
    assert not (tmp_path / "exp" / ".stride" / "index").exists()
