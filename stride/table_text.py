"""The text of a table: rows as lines of CSV, and the way back."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from stride.errors import StoredFileError

Cell = float | int | str | None
"""A cell: a number, a text, or nothing. nan and the infinities are written as nan, inf, -inf."""

_INTEGER = re.compile(r"-?[0-9]{1,4000}", re.ASCII)
_NUMBER = re.compile(r"-?([0-9]+\.?[0-9]*(e[-+]?[0-9]+)?|inf|nan)", re.ASCII)
_QUOTED = re.compile(r'[",]')


def encode_rows(rows: Iterable[Iterable[Cell]]) -> bytes:
    """The lines of some rows."""
    lines = [",".join(map(_text, row)) or '""' for row in rows]  # an empty line is no row
    return ("\n".join(lines) + "\n" if lines else "").encode("utf-8", "replace")


def _text(cell: Cell) -> str:
    """The cell as it stands in its line; a newline in it would look like the end of the row."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return repr(float(cell))
    if isinstance(cell, int):
        with contextlib.suppress(ValueError):  # Python prints no more than some thousand digits
            return str(cell)
    text = _one_line(cell)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def _one_line(cell: object) -> str:
    if not isinstance(cell, str):  # a number of another library
        with contextlib.suppress(Exception):
            return repr(float(cell))  # type: ignore[arg-type]
    text = type(cell).__name__
    with contextlib.suppress(Exception):  # whatever a value of user code does, the table goes on
        text = str(cell)
    return text.replace("\r", " ").replace("\n", " ").replace("\0", "")


def clean_row(row: Mapping[str, Cell]) -> dict[str, Cell]:
    """The row with the names that its columns have in the file."""
    return {_one_line(name).encode("utf-8", "replace").decode(): row[name] for name in row}


def decode_rows(content: bytes, path: Path) -> list[list[str]]:
    """The cells of all lines; a line that is no row, as after a power cut, has no cells."""
    try:
        lines = content.decode().split("\n")
    except UnicodeDecodeError as error:
        raise StoredFileError(f"{path} is not a table: {error}") from error
    return [_cells(line.removesuffix("\r")) for line in lines if line not in ("", "\r")]


def parse_rows(content: bytes, path: Path) -> list[dict[str, Cell]]:
    """The rows of a table by column. A torn last line is none, nor is one with too many cells.

    Raises:
        StoredFileError: it is not UTF-8 text; the sentence names `path`.
    """
    lines = decode_rows(content[: content.rfind(b"\n") + 1], path)
    if not lines:
        return []
    header = lines[0]
    return [_row(header, line) for line in lines[1:] if len(line) == len(header)]


def parse_header(content: bytes, path: Path) -> list[str]:
    """The names of the columns; [] where there is no whole line.

    Raises:
        StoredFileError: it is not UTF-8 text; the sentence names `path`.
    """
    first = next((line for line in io.BytesIO(content) if line.strip(b"\r\n")), b"")
    return next(iter(decode_rows(first, path)), []) if first.endswith(b"\n") else []


def parse_columns(
    content: bytes, names: Collection[str], path: Path
) -> dict[str, list[float | None]]:
    """The numbers of some columns, a row each; None where a cell is empty or holds a text.

    Takes the same rows as `parse_rows`, and a fraction of its time and memory: a table of every
    step may have a million. A column that the table does not have is left out.

    Raises:
        StoredFileError: the header is not UTF-8 text; the sentence names `path`.
    """
    header = parse_header(content, path)
    places = [(header.index(name), name) for name in dict.fromkeys(names) if name in header]
    found: dict[str, list[float | None]] = {name: [] for _, name in places}
    lines = (line for line in io.BytesIO(content) if line.strip(b"\r\n"))
    next(lines, None)
    for line in lines:
        cells = line.split(b",") if b'"' not in line else _quoted_cells(line)
        if len(cells) != len(header) or not line.endswith(b"\n"):
            continue
        for place, name in places:
            found[name].append(_number(cells[place]))
    return found


def _quoted_cells(line: bytes) -> list[bytes]:
    return [cell.encode() for cell in _cells(line.decode(errors="replace").rstrip("\r\n"))]


def _number(cell: bytes) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def rows_until(content: bytes, last_step: int, path: Path) -> tuple[bytes, list[dict[str, Cell]]]:
    """A table up to a step, and the rows that are left out of it.

    Args:
        content: of the table.
        last_step: the largest `step` that stays; a row without one goes.
        path: for the sentence.

    Returns:
        The lines that stay, as they are, below the header; nothing at all where no row stays.

    Raises:
        StoredFileError: it is not UTF-8 text.
    """
    lines = [line + b"\n" for line in content.split(b"\n")[:-1]]
    header: list[str] | None = None
    staying: list[bytes] = []
    cut_off: list[dict[str, Cell]] = []
    any_row = False
    for line in lines:
        cells = next(iter(decode_rows(line, path)), None)
        if cells is None:
            continue
        if header is None:
            header = cells
            staying.append(line)
            continue
        row = _row(header, cells) if len(cells) == len(header) else {}
        step = row.get("step")
        if isinstance(step, int | float) and step <= last_step:
            staying.append(line)
            any_row = True
        elif row:
            cut_off.append(row)
    return (b"".join(staying) if any_row else b"", cut_off)


def _row(header: list[str], cells: list[str]) -> dict[str, Cell]:
    return {name: parse_cell(cell) for name, cell in zip(header, cells, strict=True)}


def _cells(line: str) -> list[str]:
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def parse_cell(cell: str) -> Cell:
    """The number that a cell holds, else its text; None for an empty one."""
    if cell == "":
        return None
    if _INTEGER.fullmatch(cell):
        return int(cell)
    if _NUMBER.fullmatch(cell):
        return float(cell)
    return cell
