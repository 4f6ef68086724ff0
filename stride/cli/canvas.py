"""A canvas of braille characters: eight dots a character, and the style of each character."""

from __future__ import annotations

from stride.cli.terminal import Terminal

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot, by row and column in its character (Unicode, Braille Patterns)."""
_BLANK = 0x2800


class Canvas:
    """Dots on a grid of characters, two a column and four a row; dot (0, 0) is at the lower left.

    Args:
        columns, rows: characters.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self._bits = [[0] * columns for _ in range(rows)]
        self._styles = [[""] * columns for _ in range(rows)]
        self._letters = [[""] * columns for _ in range(rows)]
        self._shades = [[False] * columns for _ in range(rows)]

    @property
    def width(self) -> int:
        """Dots in a row."""
        return 2 * self.columns

    @property
    def height(self) -> int:
        """Dots in a column."""
        return 4 * self.rows

    def dot(self, x: int, y: int, style: str, *, shade: bool = False) -> None:
        """Set a dot; the newest style of a character counts, but a shade gives way to a line."""
        column, row = x // 2, self.rows - 1 - y // 4
        if shade and self._bits[row][column] and not self._shades[row][column]:
            return
        if not shade and self._shades[row][column]:
            self._bits[row][column] = 0
        self._shades[row][column] = shade
        self._bits[row][column] |= _DOTS[3 - y % 4][x % 2]
        self._styles[row][column] = style

    def line(self, x0: int, y0: int, x1: int, y1: int, style: str) -> None:
        """Set the dots from one to another (Bresenham 1965)."""
        across, down = abs(x1 - x0), -abs(y1 - y0)
        step_x, step_y = (1 if x0 < x1 else -1), (1 if y0 < y1 else -1)
        error = across + down
        while True:
            self.dot(x0, y0, style)
            if (x0, y0) == (x1, y1):
                return
            doubled = 2 * error
            if doubled >= down:
                error += down
                x0 += step_x
            if doubled <= across:
                error += across
                y0 += step_y

    def letter(self, x: int, y: int, letter: str, style: str) -> bool:
        """Put a letter over the character of a dot, unless one is there; whether it was put."""
        column, row = x // 2, self.rows - 1 - y // 4
        if self._letters[row][column]:
            return False
        self._letters[row][column] = letter
        self._styles[row][column] = style
        return True

    def draw(self, terminal: Terminal) -> list[str]:
        """The lines of text, the upper one first; blanks at their ends are left out."""
        return [self._draw_row(row, terminal) for row in range(self.rows)]

    def _draw_row(self, row: int, terminal: Terminal) -> str:
        pieces: list[tuple[str, str]] = []
        for column in range(self.columns):
            bits = self._bits[row][column]
            text = self._letters[row][column] or (chr(_BLANK + bits) if bits else " ")
            style = self._styles[row][column] if text != " " else ""
            if pieces and pieces[-1][1] == style:
                pieces[-1] = (pieces[-1][0] + text, style)
            else:
                pieces.append((text, style))
        if pieces and not pieces[-1][1]:
            pieces[-1] = (pieces[-1][0].rstrip(), "")
        return "".join(terminal.paint(text, style) for text, style in pieces)
