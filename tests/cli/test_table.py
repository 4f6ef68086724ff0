"""Tables: aligned, cut to a terminal only."""

from stride.cli.table import Cell, Column, draw_grouped, draw_table
from stride.cli.terminal import Terminal
from stride.cli.text import width_of

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


MANY = [Column(""), *(Column(f"exp/{number}") for number in range(12))]
GROUPED = ["config", [Cell("  seed"), *(Cell(str(number)) for number in range(12))]]


def test_columns_without_room_come_in_further_tables_with_the_names_again() -> None:
    lines = list(draw_grouped(MANY, GROUPED, Terminal(width=60)))
    assert all(width_of(line) <= 60 for line in lines)
    assert lines.count("config") == lines.count("") + 1 == 3
    assert " ".join(line for line in lines if "seed" in line).split()[1:5] == ["0", "1", "2", "3"]
    assert " ".join(lines).count("exp/") == 12


def test_off_a_terminal_a_grouped_table_is_whole() -> None:
    lines = list(draw_grouped(MANY, GROUPED, Terminal()))
    assert (len(lines), lines[0].split()[-1]) == (3, "exp/11")


def test_wide_values_give_way_to_the_narrow_ones() -> None:
    rows = [[Cell("name"), Cell("x" * 60), Cell("short")]]
    (_, line) = draw_grouped(MANY[:3], rows, Terminal(width=40))
    assert line.endswith("…  short")
    assert width_of(line) == 40
