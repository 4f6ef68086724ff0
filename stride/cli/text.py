"""A piece of text on a screen: its width in columns, cut, and made harmless."""

from __future__ import annotations

import unicodedata


def harmless(text: str) -> str:
    """Text with every control character written as an escape.

    Names, notes and values come from files: a terminal must not obey what is in them, and a row
    stays one line.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character == " " else _escape(character)
        for character in text
    )


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def width_of(text: str) -> int:
    """Columns that a text takes: wide East Asian characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_width_of_character(character) for character in text)


def _width_of_character(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, width: int) -> str:
    """Text of at most `width` columns; an ellipsis says that something is missing."""
    if width_of(text) <= width:
        return text
    taken = 0
    for index, character in enumerate(text):
        taken += _width_of_character(character)
        if taken > width - 1:
            return text[:index] + "…"
    return text


def shortened(text: str, width: int) -> str:
    """A text of at most `width` columns; of a path the end is kept, which says most."""
    if "/" in text and " " not in text:
        return cut(text[::-1], width)[::-1]
    return cut(text, width)
