"""The table of `stride list`: names of columns, and what fits."""

from pathlib import Path
from typing import Any

from stride.cli.listing import draw_listing
from stride.cli.terminal import Terminal
from stride.cli.text import width_of
from stride.store.row import read_row
from stride.store.work_dir import WorkDir


def test_keys_that_have_no_room_on_a_terminal_are_named_below(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    for index in range(2):
        experiment.create({f"key_{number}_of_many": index for number in range(12)})
    rows = [read_row(run) for run in experiment.runs()]
    lines = list(draw_listing(rows, Terminal(width=100)))
    assert all(width_of(line) <= 100 for line in lines[:3])
    assert "key_0_of_many" in lines[0]
    assert lines[4].startswith("also differ: ")
    assert " ".join(lines[4:]).endswith("key_11_of_many")
    assert all(width_of(line) <= 100 for line in lines)


def test_off_a_terminal_every_key_is_shown(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    for index in range(2):
        experiment.create({f"key_{number}_of_many": index for number in range(12)})
    rows = [read_row(run) for run in experiment.runs()]
    lines = list(draw_listing(rows, Terminal()))
    assert "key_11_of_many" in lines[0]
    assert len(lines) == 3


def test_keys_that_people_chose_come_first(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    for index in range(2):
        experiment.create({"a": index, "b": index}, chosen=("b",))
    rows = [read_row(run) for run in experiment.runs()]
    assert next(draw_listing(rows, Terminal())).split()[-2:] == ["b", "a"]


def test_names_of_things_come_first_and_what_follows_from_them_is_counted(trained: Any) -> None:
    runs = [trained(), trained(0.8, model_kwargs={"model_name": "CNet", "hidden_dims": [8]})]
    lines = [*draw_listing([read_row(run) for run in runs], Terminal())]
    assert lines[0].split()[-1] == "model_name"
    assert lines[-2:] == ["", "also differ: 1 key that follows from model_name"]


def test_what_nobody_chose_stands_back_on_a_screen_with_colours(trained: Any) -> None:
    runs = [trained(), trained(optimizer_kwargs={"lr": 0.1}, chosen=())]
    lines = [*draw_listing([read_row(run) for run in runs], Terminal(colour=True))]
    assert lines[1].endswith("  0.001")
    assert "\x1b[2m0.1\x1b[0m" in lines[2]


def test_a_value_that_an_attempt_changed_is_shown_and_marked(trained: Any) -> None:
    runs = [trained(), trained(overrides=("optimizer_kwargs.lr=0.5",))]
    lines = [*draw_listing([read_row(run) for run in runs], Terminal())]
    assert [line.split()[-1] for line in lines[:3]] == ["lr", "0.001", "0.5*"]
    assert lines[-1] == "* changed by a later attempt"


def test_runs_with_the_same_reason_share_a_line(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    for _ in range(2):
        run = experiment.create({"seed": 0})
        with run.start() as attempt:
            attempt.stop("interrupted")
    lines = [*draw_listing([read_row(run) for run in experiment.runs()], Terminal())]
    assert lines[-1] == "runs 0, 1: stopped (interrupted)"


def test_on_a_terminal_a_long_reason_gets_about_two_lines(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({"seed": 0})
    with run.start() as attempt:
        attempt.stop("why " * 100)
    lines = [*draw_listing([read_row(run)], Terminal(width=80))]
    assert len(lines) <= 6
    assert lines[-1].endswith("…")
    assert "…" not in "".join(draw_listing([read_row(run)], Terminal()))


def test_names_of_files_in_a_row_are_harmless(tmp_path: Path, trained: Any) -> None:
    run = trained()
    run.write_labels(add_tags=("\x1b[31m",))
    assert "\x1b" not in "".join(draw_listing([read_row(run)], Terminal()))
