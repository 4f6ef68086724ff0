"""A canvas of braille characters."""

from __future__ import annotations

from stride.cli.canvas import Canvas
from stride.cli.terminal import Terminal

PLAIN = Terminal()


def test_dots_become_characters_the_lower_left_first() -> None:
    canvas = Canvas(2, 1)
    for x, y in ((0, 0), (3, 3)):
        canvas.dot(x, y, "")
    assert canvas.draw(PLAIN) == ["⡀⠈"]


def test_a_line_has_no_holes() -> None:
    canvas = Canvas(4, 1)
    canvas.line(0, 0, 7, 3, "")
    assert canvas.draw(PLAIN) == ["⣀⠤⠒⠉"]
    canvas.line(7, 3, 0, 0, "")
    assert canvas.draw(PLAIN) == ["⣀⠤⠒⠉"]


def test_what_is_empty_is_left_out_at_the_end() -> None:
    canvas = Canvas(5, 2)
    canvas.dot(2, 0, "")
    assert canvas.draw(PLAIN) == ["", " ⡀"]


def test_a_shade_gives_way_to_a_line() -> None:
    canvas = Canvas(1, 1)
    canvas.dot(0, 0, "33", shade=True)
    canvas.dot(1, 3, "208")
    canvas.dot(0, 0, "33", shade=True)
    assert canvas.draw(PLAIN) == ["⠈"]


def test_a_letter_stands_over_the_dots_and_stays() -> None:
    canvas = Canvas(2, 1)
    canvas.dot(0, 0, "")
    assert canvas.letter(1, 2, "a", "")
    assert not canvas.letter(0, 0, "b", "")
    assert canvas.draw(PLAIN) == ["a"]


def test_neighbours_of_one_colour_are_painted_at_once() -> None:
    canvas = Canvas(3, 1)
    canvas.line(0, 0, 3, 0, "33")
    canvas.dot(4, 0, "208")
    painted = canvas.draw(Terminal(colour=True, width=80))
    assert painted == ["\x1b[38;5;33m⣀⣀\x1b[0m\x1b[38;5;208m⡀\x1b[0m"]
