"""The table of `stride list`: names of columns, and what fits."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stride.cli.listing import draw_listing, short_names
from stride.cli.row import read_row
from stride.cli.terminal import Terminal
from stride.cli.text import width_of
from stride.store.work_dir import WorkDir

words = st.text("abc", min_size=1, max_size=2)
dotted = st.lists(words, min_size=1, max_size=4).map(".".join)


@given(st.lists(dotted, unique=True))
def test_short_names_are_distinct_ends_of_the_keys(keys: list[str]) -> None:
    short = short_names(keys)
    assert len(set(short.values())) == len(keys)
    assert all(key == name or key.endswith(f".{name}") for key, name in short.items())


def test_a_short_name_is_as_short_as_can_be() -> None:
    keys = ["seed", "train.batch_size", "val.batch_size", "optimizer_kwargs.lr"]
    assert list(short_names(keys).values()) == ["seed", "train.batch_size", "val.batch_size", "lr"]


def test_keys_that_have_no_room_on_a_terminal_are_named_below(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    for index in range(2):
        experiment.create({f"key_{number}_of_many": index for number in range(12)})
    rows = [read_row(run) for run in experiment.runs()]
    lines = list(draw_listing(rows, Terminal(width=100)))
    assert all(width_of(line) <= 100 for line in lines[:3])
    assert "key_0_of_many" in lines[0]
    assert lines[4].startswith("also differ: ")
    assert lines[4].endswith("key_11_of_many")


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


def test_names_of_files_in_a_row_are_harmless(tmp_path: Path, trained: Any) -> None:
    run = trained()
    run.write_labels(add_tags=("\x1b[31m",))
    assert "\x1b" not in "".join(draw_listing([read_row(run)], Terminal()))
