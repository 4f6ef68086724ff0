"""The terminal behind a stream: whether it takes colours, and how many columns it has."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TextIO

_STYLES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}


@dataclass(frozen=True)
class Terminal:
    """What may be drawn on a stream.

    Off a terminal `colour` is false and `width` is None: nothing is coloured, cut or wrapped there.
    """

    colour: bool = False
    width: int | None = None

    def paint(self, text: str, style: str) -> str:
        """Text in a style such as "bold cyan"; as it is where colours are off or there is none.

        A number in a style is one of the 256 colours that terminals share.
        """
        if not self.colour or not style or not text:
            return text
        codes = ";".join(_STYLES.get(word, f"38;5;{word}") for word in style.split())
        return f"\x1b[{codes}m{text}\x1b[0m"


def terminal_of(stream: TextIO) -> Terminal:
    """Look at a stream: https://no-color.org and TERM=dumb are honoured."""
    if not stream.isatty():
        return Terminal()
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Terminal(colour=colour, width=shutil.get_terminal_size().columns)


def standard_output() -> Terminal:
    """The terminal behind standard output as it is now."""
    return terminal_of(sys.stdout)
