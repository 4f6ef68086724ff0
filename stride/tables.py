"""One append-only table: a CSV file that grows by whole lines and survives a kill at any byte."""

from __future__ import annotations

import csv
import io
import logging
import os
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from stride.errors import StorageError, StoredFileError
from stride.files import storage_errors, write_atomic

Cell = float | int | str | None
"""A cell: a number, a text, or nothing. nan and the infinities are written as nan, inf, -inf."""

_logger = logging.getLogger(__name__)

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?([0-9]+\.?[0-9]*(e[-+]?[0-9]+)?|inf|nan)")


class Table:
    """A CSV file of one writer and any number of readers.

    Nothing is opened or written before the first `append`. A line without its newline is a torn write:
    readers skip it, the next writer cuts it off. A column that first appears later has the file
    rewritten once, atomically; earlier rows get an empty cell there.

    When the file cannot be written, `append` warns once, keeps the rows in memory, up to `memory_rows`, and tries
    again at the next; a table never ends a training.

    Args:
        path: of the CSV file; its folder is made at the first append.
        delay: seconds that a row may wait in memory; 0 hands it to the operating system before `append` returns.
        memory_rows: rows kept while the file cannot be written; the oldest go first.
    """

    def __init__(self, path: Path, *, delay: float = 0.0, memory_rows: int = 10_000) -> None:
        self.path = path
        self._delay = delay
        self._memory_rows = memory_rows
        self._columns: list[str] | None = None
        self._pending: list[Mapping[str, Cell]] = []
        self._descriptor: int | None = None
        self._last_write = 0.0
        self._failing = False
        self._dropped = 0

    def append(self, row: Mapping[str, Cell]) -> None:
        """Add one row; the file is made, or its last torn line cut, at the first.

        Raises:
            StoredFileError: the file has a header that is not one of a table.
        """
        self._pending.append(dict(row))
        if self._delay and time.monotonic() - self._last_write < self._delay:
            return
        self.flush()

    def flush(self) -> None:
        """Hand all rows to the operating system; where it refuses, warn once and keep them."""
        if not self._pending:
            return
        try:
            self._write_pending()
        except OSError as error:
            self._close_descriptor()
            self._columns = None
            if not self._failing:
                _logger.warning("%s; rows are kept in memory and written later", error)
            self._failing = True
            excess = len(self._pending) - self._memory_rows
            if excess > 0:
                self._dropped += excess
                del self._pending[:excess]
            return
        if self._failing:
            lost = f"; {self._dropped} rows were lost" if self._dropped else ""
            _logger.warning("%s is written again%s", self.path, lost)
        self._failing = False
        self._dropped = 0

    def close(self) -> None:
        """Flush and let go of the file; a later append opens it again."""
        self.flush()
        self._close_descriptor()
        self._columns = None

    def read(self) -> list[dict[str, Cell]]:
        """All whole rows, in order; [] where there is no file. Numbers come back as int or float.

        Raises:
            StoredFileError: the file is not UTF-8 text.
        """
        return read_table(self.path)

    def rewrite(self, rows: Iterable[Mapping[str, Cell]]) -> None:
        """Replace the content, atomically and durably: the cut at a resume.

        Raises:
            StorageError: the disk refused; the old content stays.
        """
        self.close()
        rows = list(rows)
        columns = list(dict.fromkeys(name for row in rows for name in row))
        with storage_errors("make", self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(self.path, _encode([columns, *([row.get(c) for c in columns] for row in rows)]))

    def _write_pending(self) -> None:
        if self._columns is None:
            self._columns = self._open_columns()
        new = [name for row in self._pending for name in row if name not in self._columns]
        if new:
            self._add_columns(list(dict.fromkeys(new)))
        if self._descriptor is None:
            with storage_errors("write", self.path):
                self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        content = _encode([row.get(name) for name in self._columns] for row in self._pending)
        with storage_errors("write", self.path):
            written = os.write(self._descriptor, content)
        if written < len(content):  # a full disk takes a part: cut it, so that the rows can be tried again
            end = os.fstat(self._descriptor).st_size
            os.ftruncate(self._descriptor, end - written)
            raise StorageError(f"cannot write {self.path}: the disk is full")
        self._pending.clear()
        self._last_write = time.monotonic()

    def _open_columns(self) -> list[str]:
        """Cut a torn end; give the header, [] for a file that is new or has none."""
        with storage_errors("make", self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with storage_errors("write", self.path):
            try:
                content = self.path.read_bytes()
            except FileNotFoundError:
                return []
            whole = content[: content.rfind(b"\n") + 1]
            if len(whole) < len(content):
                os.truncate(self.path, len(whole))
        rows = _decode(whole, self.path)
        return [str(name) for name in rows[0]] if rows else []

    def _add_columns(self, new: list[str]) -> None:
        assert self._columns is not None
        columns = [*self._columns, *new]
        self._close_descriptor()
        content = self.path.read_bytes() if self._columns else b""
        lines = _decode(content, self.path)[1:]
        padding = [""] * len(new)
        write_atomic(self.path, _encode([columns, *([*line, *padding] for line in lines)]))
        self._columns = columns

    def _close_descriptor(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def read_table(path: Path) -> list[dict[str, Cell]]:
    """All whole rows of a table file; see `Table.read`."""
    try:
        with storage_errors("read", path):
            content = path.read_bytes()
    except FileNotFoundError:
        return []
    lines = _decode(content[: content.rfind(b"\n") + 1], path)
    if not lines:
        return []
    header = lines[0]
    return [
        {name: _parse(cell) for name, cell in zip(header, line, strict=True)}
        for line in lines[1:]
        if len(line) == len(header)
    ]


def _encode(rows: Iterable[Iterable[Cell]]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([_text(cell) for cell in row] for row in rows)
    return stream.getvalue().encode()


def _text(cell: Cell) -> str:
    """One line of text: a newline inside a cell would look like the end of a row to a reader."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return repr(float(cell))
    return str(cell).replace("\r", " ").replace("\n", " ").replace("\0", "")


def _decode(content: bytes, path: Path) -> list[list[str]]:
    try:
        text = content.decode()
        return [line for line in csv.reader(text.split("\n")) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise StoredFileError(f"{path} is not a table: {error}") from error


def _parse(cell: str) -> Cell:
    if cell == "":
        return None
    if _INTEGER.fullmatch(cell):
        return int(cell)
    if _NUMBER.fullmatch(cell):
        return float(cell)
    return cell
