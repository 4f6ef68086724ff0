"""A page of sections on the screen: headings, aligned pairs, tables."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from stride.cli.table import Cell
from stride.cli.terminal import Terminal
from stride.cli.text import width_of

INDENT = "  "


@dataclass(frozen=True)
class Section:
    """A heading and its pairs; `mark` is a sign before a name, such as the star of a chosen key."""

    heading: str
    pairs: Sequence[tuple[str, Cell]]
    marked: frozenset[str] = frozenset()


def draw_sections(sections: Iterable[Section], terminal: Terminal) -> Iterator[str]:
    """The lines of all sections that have pairs, an empty line before each."""
    for section in sections:
        if section.pairs:
            yield ""
            yield terminal.paint(section.heading, "bold")
            yield from draw_pairs(section.pairs, terminal, section.marked)


def draw_pairs(
    pairs: Sequence[tuple[str, Cell]], terminal: Terminal, marked: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Names in one column, values beside them; on a terminal a long value goes on below itself."""
    column = max(width_of(name) for name, _ in pairs)
    star = 2 if marked else 0
    for name, cell in pairs:
        sign = ("* " if name in marked else "  ")[:star]
        style = "bold cyan" if name in marked else "cyan"
        filling = " " * (column - width_of(name))
        left = len(INDENT) + star + column + 2
        lines = [cell.text]
        if terminal.width is not None:
            lines = _filled(cell.text, terminal.width - left)
        beginning = f"{INDENT}{sign}{terminal.paint(name, style)}{filling}"
        yield f"{beginning}  {terminal.paint(lines[0], cell.style)}".rstrip()
        for line in lines[1:]:
            yield " " * left + terminal.paint(line, cell.style)


def wrapped(text: str, terminal: Terminal, *, hanging: int = 0) -> list[str]:
    """A line of words as the lines that a terminal has room for; the further ones are indented."""
    if terminal.width is None:
        return [text]
    return _filled(text, terminal.width, " " * hanging)


def _filled(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most so many columns, at least 20; broken between words where there are any."""
    width = max(20, width)
    return textwrap.wrap(text, width, break_on_hyphens=False, subsequent_indent=indent) or [""]
