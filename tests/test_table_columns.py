"""Columns of a table are read as its rows are, only faster."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.errors import StoredFileError
from stride.table_text import Cell, encode_rows, parse_columns, parse_header, parse_rows

PATH = Path("metrics.csv")
WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), min_size=1, max_size=5
)
CELLS: st.SearchStrategy[Cell] = st.none() | st.integers(-(10**9), 10**9) | st.floats() | WORDS
TABLES = st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=8)


@given(TABLES, st.binary(max_size=10))
def test_columns_hold_the_numbers_of_the_rows(rows: list[list[Cell]], torn: bytes) -> None:
    content = encode_rows([["a", "b,", 'c"'], *rows]) + torn.replace(b"\n", b"")
    names = ("a", "b,", 'c"')
    found = parse_columns(content, names, PATH)
    expected = parse_rows(content, PATH) if not torn.strip(b"\r\n") else None
    assert parse_header(content, PATH) == list(names)
    for name in names:
        assert len(found[name]) == len(rows)
        for value, row in zip(found[name], expected or (), strict=bool(expected)):
            cell = row[name]
            if isinstance(cell, str | None):
                assert value is None or isinstance(cell, str)  # a text such as 1_0 may be a number
            elif math.isnan(cell):
                assert value is not None
                assert math.isnan(value)
            else:
                assert value == cell


def test_rows_with_other_cells_and_a_torn_line_are_passed_over() -> None:
    content = b"a,b\r\n1,2\r\n\n3\n4,5,6\n7,x\n8,"
    assert parse_columns(content, ["b", "a", "c"], PATH) == {"b": [2.0, None], "a": [1.0, 7.0]}


def test_a_table_without_a_whole_line_has_no_columns() -> None:
    for content in (b"", b"\n", b"a,b"):
        assert parse_header(content, PATH) == []
        assert parse_columns(content, ["a"], PATH) == {}


def test_a_header_that_is_no_text_is_said() -> None:
    with pytest.raises(StoredFileError, match=r"metrics\.csv is not a table"):
        parse_header(b"\xff,a\n", PATH)
