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
        lines = _wrapped(cell.text, terminal, len(INDENT) + star + column + 2)
        beginning = f"{INDENT}{sign}{terminal.paint(name, style)}{filling}"
        yield f"{beginning}  {terminal.paint(lines[0], cell.style)}".rstrip()
        for line in lines[1:]:
            yield " " * (len(INDENT) + star + column + 2) + terminal.paint(line, cell.style)


def _wrapped(text: str, terminal: Terminal, indent: int) -> list[str]:
    if terminal.width is None:
        return [text]
    room = max(20, terminal.width - indent)
    return textwrap.wrap(text, room, break_on_hyphens=False) or [""]
