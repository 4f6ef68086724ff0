"""Pages of sections: aligned pairs, marked names, long values."""

from stride.cli.page import Section, draw_pairs, draw_sections, wrapped
from stride.cli.table import Cell
from stride.cli.terminal import Terminal


def test_pairs_are_aligned_and_marked_names_have_a_star() -> None:
    pairs = [("seed", Cell("0")), ("optimizer_kwargs.lr", Cell("0.1"))]
    assert list(draw_pairs(pairs, Terminal(), frozenset({"seed"}))) == [
        "  * seed                 0",
        "    optimizer_kwargs.lr  0.1",
    ]


def test_a_long_value_goes_on_below_itself_on_a_terminal_only() -> None:
    pairs = [("note", Cell("word " * 20))]
    assert len(list(draw_pairs(pairs, Terminal()))) == 1
    lines = list(draw_pairs(pairs, Terminal(width=40)))
    assert len(lines) > 1
    assert all(len(line) <= 40 for line in lines)
    assert all(line.startswith(" " * 8) for line in lines[1:])


def test_a_section_without_pairs_is_left_out() -> None:
    sections = [Section("Empty", []), Section("Full", [("a", Cell("1"))])]
    assert list(draw_sections(sections, Terminal())) == ["", "Full", "  a  1"]


def test_a_note_is_broken_between_words_on_a_terminal_only() -> None:
    note = "also differ: " + ", ".join(f"key_{number}" for number in range(20))
    assert wrapped(note, Terminal()) == [note]
    first, *rest = wrapped(note, Terminal(width=40), hanging=2)
    assert len(first) <= 40
    assert all(line.startswith("  key_") and len(line) <= 40 for line in rest)
    assert " ".join([first, *(line.strip() for line in rest)]) == note
