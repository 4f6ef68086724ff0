"""Tables: aligned, cut to a terminal only."""

from stride.cli.table import Cell, Column, draw_table
from stride.cli.terminal import Terminal

COLUMNS = [Column("run", right=True), Column("model"), Column("note")]
ROWS = [
    [Cell("9"), Cell("MLP"), Cell("a note that goes on and on and on")],
    [Cell("10"), Cell("学習", "green"), Cell("")],
]


def test_columns_are_aligned_also_with_wide_characters() -> None:
    lines = list(draw_table(COLUMNS, ROWS, Terminal()))
    assert lines == [
        "run  model  note",
        "  9  MLP    a note that goes on and on and on",
        " 10  学習",
    ]


def test_on_a_terminal_the_last_column_gives_way() -> None:
    lines = list(draw_table(COLUMNS, ROWS, Terminal(width=30)))
    assert lines[1] == "  9  MLP    a note that goes …"


def test_colours_paint_the_text_and_not_the_filling() -> None:
    line = list(draw_table(COLUMNS, ROWS, Terminal(colour=True)))[2]
    assert "\x1b[32m学習\x1b[0m" in line


def test_a_table_without_rows_is_its_heading() -> None:
    assert list(draw_table(COLUMNS, [], Terminal())) == ["run  model  note"]
