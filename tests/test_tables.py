"""A table grows by whole lines, and survives a kill at any byte."""

from __future__ import annotations

import csv
import logging
import math
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stride.errors import StoredFileError
from stride.tables import Cell, Table, read_table

WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), min_size=1
).filter(lambda text: not looks_like_a_number(text))
CELLS = st.none() | st.integers() | st.floats() | WORDS
COLUMNS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=5)
ROWS = st.lists(st.dictionaries(COLUMNS, CELLS, min_size=1, max_size=4), min_size=1, max_size=6)


def looks_like_a_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def same(left: Cell, right: Cell) -> bool:
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return left == right and isinstance(left, int) == isinstance(right, int)


def equal(left: list[dict[str, Cell]], right: list[dict[str, Cell]]) -> bool:
    """The same rows, where a column that is not there counts as one without a value."""
    return len(left) == len(right) and all(
        same(one.get(name), other.get(name))
        for one, other in zip(left, right, strict=True)
        for name in {*one, *other}
    )


@given(ROWS)
def test_rows_read_back_as_they_were_written(rows: list[dict[str, Cell]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = Table(Path(folder) / "t.csv")
        for row in rows:
            table.append(row)
        assert equal(read_table(table.path), rows)
        table.close()


@given(ROWS, ROWS, st.data())
def test_a_table_cut_at_any_byte_reads_as_a_prefix_and_goes_on(
    rows: list[dict[str, Cell]], later: list[dict[str, Cell]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        first = Table(path)
        first.rewrite(rows)
        content = path.read_bytes()
        path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
        left = read_table(path)
        assert equal(left, rows[: len(left)])
        second = Table(path)
        for row in later:
            second.append(row)
        assert equal(read_table(path), [*left, *later])
        second.close()


def test_a_line_is_whole_with_the_system_when_append_returns(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.csv")
    table.append({"epoch": 1, "loss": 0.25})
    assert (tmp_path / "t.csv").read_bytes() == b"epoch,loss\n1,0.25\n"
    table.close()


def test_nothing_is_written_before_the_first_row(tmp_path: Path) -> None:
    table = Table(tmp_path / "logs" / "t.csv")
    assert table.read() == []
    table.close()
    assert list(tmp_path.iterdir()) == []


def test_a_new_column_leaves_earlier_cells_empty(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.csv")
    table.append({"epoch": 1})
    table.append({"epoch": 2, "loss": math.nan})
    table.append({"loss": -math.inf})
    table.close()
    assert (tmp_path / "t.csv").read_text() == "epoch,loss\n1,\n2,nan\n,-inf\n"


def test_text_with_commas_quotes_and_lines_stays_in_its_cell(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.csv")
    table.append({"a,b": 'x "y", z\nw', "c\nd": 1})
    table.append({"a,b": "", "c\nd": 2})
    table.close()
    assert table.read() == [{"a,b": 'x "y", z w', "c d": 1}, {"a,b": None, "c d": 2}]
    with (tmp_path / "t.csv").open(newline="") as stream:
        assert next(csv.reader(stream)) == ["a,b", "c d"]


def test_numbers_of_other_libraries_and_odd_text_are_written(tmp_path: Path) -> None:
    import numpy

    table = Table(tmp_path / "t.csv")
    odd: dict[str, Any] = {"a": numpy.float32(0.5), "b": numpy.int64(3), "c": "\ud800", "d": [1]}
    table.append(odd)
    table.close()
    assert table.read() == [{"a": 0.5, "b": 3.0, "c": "?", "d": "[1]"}]


def test_a_value_that_has_no_text_and_a_row_of_nothing_stop_no_table(tmp_path: Path) -> None:
    class Wordless:
        def __str__(self) -> str:
            raise RuntimeError("no words")

    table = Table(tmp_path / "t.csv")
    table.append({})
    odd: list[Any] = [Wordless(), 10**5000, True, 2]
    for cell in odd:
        table.append({"x": cell})
    assert [row["x"] for row in table.read()] == ["Wordless", "int", "True", 2]


def test_a_garbled_line_in_the_middle_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'a,b\n1,2\n"3,4\n5\n\0\0\0\n\n6,7,8\n9,10\r\n')
    assert read_table(path) == [{"a": 1, "b": 2}, {"a": 9, "b": 10}]


def test_a_file_that_is_no_text_is_said_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a\n\xff\xfe\n")
    with pytest.raises(StoredFileError, match=r"t\.csv is not a table"):
        read_table(tmp_path / "t.csv")


def test_rows_that_may_wait_are_written_within_their_delay(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.csv", delay=0.02)
    for step in range(3):
        table.append({"step": step})
    while len(read_table(table.path)) < 3:
        pass  # nothing more is appended: the table itself sees to the last rows
    assert read_table(table.path) == [{"step": 0}, {"step": 1}, {"step": 2}]
    table.close()


def test_rows_that_wait_are_written_when_the_program_ends(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from stride.tables import Table;"
        "t = Table(Path(sys.argv[1]), delay=3600.0); [t.append({'step': i}) for i in range(3)]"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "t.csv")], check=True)
    assert [row["step"] for row in read_table(tmp_path / "t.csv")] == [0, 1, 2]


def test_reading_in_the_same_program_sees_the_rows_that_wait(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.csv", delay=3600.0)
    table.append({"step": 0})
    table.append({"step": 1})
    assert table.read() == [{"step": 0}, {"step": 1}]
    table.close()


def test_a_cut_replaces_the_rows_and_the_next_append_goes_on(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.csv")
    for step in range(5):
        table.append({"step": step})
    table.rewrite([row for row in table.read() if isinstance(row["step"], int) and row["step"] < 2])
    table.append({"step": 2, "loss": 0.5})
    assert table.read() == [
        {"step": 0, "loss": None},
        {"step": 1, "loss": None},
        {"step": 2, "loss": 0.5},
    ]
    table.rewrite([])
    assert table.read() == []
    table.append({"other": 1})
    assert table.read() == [{"other": 1}]
    table.close()


def test_rows_wait_in_memory_while_the_disk_refuses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = Table(tmp_path / "t.csv")
    table.append({"step": 0, "text": "x" * 500})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with caplog.at_level(logging.WARNING):
            for step in range(1, 4):
                table.append({"step": step, "text": "x" * 500})
                table.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [row["step"] for row in read_table(table.path)] == [0]
    assert table.path.read_bytes().endswith(b"\n")
    table.close()
    assert [row["step"] for row in read_table(table.path)] == [0, 1, 2, 3]
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2  # once when it begins, once when it is over
    assert "t.csv: the disk is full; rows are kept in memory" in said[0]
    assert said[1] == f"{table.path} is written again"


def test_of_rows_that_cannot_be_written_the_oldest_go_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "logs").write_bytes(b"a file where the folder would be")
    table = Table(tmp_path / "logs" / "t.csv", memory_rows=2)
    for step in range(5):
        table.append({"step": step})
    (tmp_path / "logs").unlink()
    table.close()
    assert read_table(table.path) == [{"step": 3}, {"step": 4}]
    assert "3 rows were lost" in caplog.text


def test_a_file_that_is_no_table_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xff\xfe\n")
    table = Table(path)
    table.append({"step": 1})
    table.close()
    assert path.read_bytes() == b"\xff\xfe\n"
    assert "is not a table" in caplog.text


def test_a_file_that_an_editor_replaced_goes_on_with_what_it_holds(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.csv")
    table.append({"step": 1})
    (tmp_path / "edited").write_bytes(b"step,note\n1,good\n")
    (tmp_path / "edited").replace(table.path)
    table.append({"step": 2})
    table.close()
    assert read_table(table.path) == [{"step": 1, "note": "good"}, {"step": 2, "note": None}]


def test_a_forked_child_neither_writes_nor_repeats_the_rows_of_its_parent(tmp_path: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from stride.tables import Table
table = Table(Path(sys.argv[1]), delay=3600.0)
table.append({"step": 0})
table.append({"step": 1})
if os.fork() == 0:
    table.flush()
    sys.exit()
os.wait()
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "t.csv")], check=True)
    assert [row["step"] for row in read_table(tmp_path / "t.csv")] == [0, 1]
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_a_pipe_in_place_of_a_table_holds_nobody(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    os.mkfifo(path)
    with pytest.raises(StoredFileError, match="no regular file"):
        read_table(path)
    table = Table(path)
    table.append({"epoch": 1})
    path.unlink()
    table.close()
    assert read_table(path) == [{"epoch": 1}]


STEPS = st.lists(
    st.fixed_dictionaries(
        {"step": st.integers(0, 20)}, optional={"loss": st.floats(), "note": WORDS}
    ),
    max_size=8,
)


@settings(deadline=None)
@given(STEPS, st.integers(-1, 21))
def test_a_cut_leaves_the_lines_up_to_a_step_as_they_are(
    rows: list[dict[str, Cell]], last: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = Table(Path(folder) / "t.csv")
        for row in rows:
            table.append(row)
        table.flush()
        before = table.path.read_bytes().split(b"\n")[:-1] if rows else []
        removed = table.cut(last)
        stays = [index for index, row in enumerate(rows) if row["step"] <= last]  # type: ignore
        assert removed == len(rows) - len(stays)
        after = table.path.read_bytes().split(b"\n")[:-1] if rows else []
        assert after == ([before[0], *(before[index + 1] for index in stays)] if stays else [])
        assert equal(read_table(table.cut_path), [r for i, r in enumerate(rows) if i not in stays])
        table.close()


@settings(deadline=None)
@given(STEPS, st.data())
def test_a_table_that_is_cut_and_written_again_is_as_if_it_had_never_been_cut(
    rows: list[dict[str, Cell]], data: st.DataObject
) -> None:
    rows = sorted(rows, key=lambda row: int(row["step"] or 0))
    with tempfile.TemporaryDirectory() as folder:
        straight, cut = Table(Path(folder) / "straight.csv"), Table(Path(folder) / "cut.csv")
        for row in rows:
            straight.append(row)
        killed_at = data.draw(st.integers(0, len(rows)))
        for row in rows[:killed_at]:
            cut.append(row)
        cut.close()
        last = data.draw(st.integers(-1, 21))
        cut.cut(last)
        kept = [row for row in rows[:killed_at] if int(row["step"] or 0) <= last]
        for row in rows[len(kept) :]:
            cut.append(row)
        straight.close()
        cut.close()
        if rows:
            assert cut.path.read_bytes() == straight.path.read_bytes()


def test_a_cut_without_anything_to_cut_writes_nothing(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.csv")
    assert table.cut(0) == 0
    table.append({"step": 1})
    table.close()
    before = table.path.stat()
    assert table.cut(1) == 0
    assert table.path.stat().st_ino == before.st_ino
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_a_cut_takes_a_torn_line_and_lines_that_are_no_rows_with_it(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.csv")
    table.path.write_bytes(b'step,loss\n1,0.5\n\n\0\0\n2,0.25\n3,"0\n4\n5,0.125\n1,0.\r\n6,0.')
    assert table.cut(2) == 2
    assert table.path.read_bytes() == b"step,loss\n1,0.5\n2,0.25\n1,0.\r\n"
    assert read_table(table.cut_path) == [{"step": 3, "loss": 0}, {"step": 5, "loss": 0.125}]


def test_what_later_cuts_take_off_is_added_to_what_was_cut_off(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.csv")
    for row in ({"step": 1}, {"step": 2}, {"step": 2, "loss": 1.5}):
        table.append(row)
        table.cut(1)
    assert read_table(table.cut_path) == [{"step": 2, "loss": None}, {"step": 2, "loss": 1.5}]


def test_syncing_hands_on_the_rows_that_wait(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.csv", delay=3600.0)
    table.sync()
    table.append({"step": 0})
    table.append({"step": 1})
    table.sync()
    assert table.path.read_bytes() == b"step\n0\n1\n"
    table.append({"step": 2})
    table.close()
