"""One append-only table: a CSV file that grows by whole lines and survives a kill at any byte."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from stride.errors import StorageError, StoredFileError
from stride.files import read_content, storage_errors, write_atomic
from stride.table_text import Cell as Cell
from stride.table_text import clean_row, decode_rows, encode_rows, parse_rows, rows_until

_logger = logging.getLogger(__name__)

_RETRY_EVERY = 1.0
"""Seconds between two tries at a file that cannot be written."""


class Table:
    """A CSV file of one writer and any number of readers.

    Nothing is opened or written before the first `append`. A line without its newline is a torn
    write: readers skip it, the next writer cuts it off. A column that first appears later has the
    file rewritten once, atomically; earlier rows get an empty cell there.

    When the file cannot be written, `append` warns once, keeps the rows in memory, up to
    `memory_rows`, and tries again; a table never ends a training. A child that was forked off
    neither writes nor keeps the rows of its parent.

    Args:
        path: of the CSV file; its folder is made at the first append.
        delay: seconds that a row may wait in memory; 0 hands it to the operating system before
            `append` returns.
        memory_rows: rows kept while the file cannot be written; the oldest go first.
    """

    def __init__(self, path: Path, *, delay: float = 0.0, memory_rows: int = 10_000) -> None:
        self.path = path
        self._delay = delay
        self._memory_rows = memory_rows
        self._columns: list[str] | None = None
        self._known: frozenset[str] = frozenset()
        self._pending: list[dict[str, Cell]] = []
        self._descriptor: int | None = None
        self._written = -float("inf")
        self._failed = -float("inf")
        self._failing = False
        self._dropped = 0
        self._pid = os.getpid()
        self._timer: threading.Timer | None = None
        self._guard = threading.RLock()

    def append(self, row: Mapping[str, Cell]) -> None:
        """Add one row, unless it is empty; the file is made, or its torn line cut, at the first."""
        if self._pid != os.getpid():
            self._forget_parent()
        with self._guard:
            self._pending += [dict(row)] if row else []
            now = time.monotonic()
            if now - self._written < self._delay:
                self._flush_later(self._delay - (now - self._written))
            elif self._failing and now - self._failed < _RETRY_EVERY:
                self._trim()
            else:
                self.flush()

    def flush(self) -> None:
        """Hand all rows to the operating system; where it refuses, warn once and keep them."""
        if self._pid != os.getpid():
            return
        with self._guard:
            if not self._pending:
                return
            try:
                self._write_pending()
            except (OSError, StoredFileError) as error:
                self._failed = time.monotonic()
                with contextlib.suppress(OSError):
                    self._close_descriptor()
                self._columns = None
                if not self._failing:
                    _logger.warning("%s; rows are kept in memory and written later", error)
                self._failing = True
                self._trim()
                return
            if self._failing:
                lost = f"; {self._dropped} rows were lost" if self._dropped else ""
                _logger.warning("%s is written again%s", self.path, lost)
            self._failing = False
            self._dropped = 0

    def sync(self) -> None:
        """Flush, and have the rows survive a power cut, as far as the disk allows it.

        Another thread may append meanwhile.
        """
        with self._guard:
            self.flush()
            if self._descriptor is None or self._pid != os.getpid():
                return
            descriptor = os.dup(self._descriptor)
        try:
            os.fsync(descriptor)
        except OSError as error:
            _logger.warning("cannot make %s durable: %s", self.path, error.strerror)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Flush and let go of the file; a later append opens it again."""
        with self._guard:
            self.flush()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
                atexit.unregister(self.flush)
            self._close_descriptor()
            self._columns = None

    def read(self) -> list[dict[str, Cell]]:
        """All whole rows, in order; [] where there is no file. Numbers come back as int or float.

        Raises:
            StoredFileError: the file is not UTF-8 text, or no regular file.
            StorageError: it cannot be read.
        """
        self.flush()
        return read_table(self.path)

    def rewrite(self, rows: Iterable[Mapping[str, Cell]]) -> None:
        """Replace the content, atomically and durably; a resume uses `cut`, which keeps the bytes.

        Raises:
            StorageError: the disk refused; the old content stays.
        """
        rows = [clean_row(row) for row in rows]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        with self._guard:
            self.close()
            with storage_errors("make", self.path.parent):
                self.path.parent.mkdir(exist_ok=True)
            content = encode_rows([columns, *([row.get(c) for c in columns] for row in rows)])
            write_atomic(self.path, content if columns else b"")

    @property
    def cut_path(self) -> Path:
        """Rows that were cut off at a resume, kept beside the table."""
        return self.path.with_suffix(".cut.csv")

    def cut(self, last_step: int) -> int:
        """Cut off the rows whose `step` is larger; give how many: what a resume does over again.

        The lines that stay do so byte by byte; of a table without any nothing stays. Those cut off
        are added to the table at `cut_path`. Written atomically, and only where there is something
        to cut.

        Raises:
            StoredFileError: the file is not UTF-8 text, or no regular file.
            StorageError: the disk refused; the table is as it was.
        """
        with self._guard:
            self.close()
            try:
                content = read_content(self.path)
            except FileNotFoundError:
                return 0
            staying, cut_off = rows_until(content, last_step, self.path)
            if staying == content:
                return 0
            beside = Table(self.cut_path)
            for row in cut_off:
                beside.append(row)
            beside.close()
            write_atomic(self.path, staying)
            return len(cut_off)

    def _write_pending(self) -> None:
        if self._descriptor is not None and os.fstat(self._descriptor).st_nlink == 0:
            self._close_descriptor()  # removed, or replaced by an editor: begin anew
            self._columns = None
        if self._columns is None:
            self._columns = self._open_columns()
            self._known = frozenset(self._columns)
        if not all(row.keys() <= self._known for row in self._pending):
            self._pending = [clean_row(row) for row in self._pending]
            names = dict.fromkeys(name for row in self._pending for name in row)
            if new := [name for name in names if name not in self._known]:
                self._add_columns(new)
        columns = self._columns
        content = encode_rows([[row.get(name) for name in columns] for row in self._pending])
        with storage_errors("write", self.path):
            if self._descriptor is None:
                self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            written = os.write(self._descriptor, content)
            if written < len(content):  # a full disk takes a part: cut it, and try again later
                end = os.fstat(self._descriptor).st_size
                os.ftruncate(self._descriptor, end - written)
                raise StorageError(f"cannot write {self.path}: the disk is full")
        self._pending.clear()
        self._written = time.monotonic()

    def _open_columns(self) -> list[str]:
        """Cut a torn end; give the header, [] for a file that is new or has none."""
        with storage_errors("make", self.path.parent):
            self.path.parent.mkdir(exist_ok=True)
        try:
            content = read_content(self.path)
        except FileNotFoundError:
            return []
        with storage_errors("write", self.path):
            whole = content[: content.rfind(b"\n") + 1]
            if len(whole) < len(content):
                os.truncate(self.path, len(whole))
        return next(iter(decode_rows(whole, self.path)), [])

    def _add_columns(self, new: list[str]) -> None:
        assert self._columns is not None
        columns = [*self._columns, *new]
        self._close_descriptor()
        content = read_content(self.path) if self._columns else b""
        lines = decode_rows(content, self.path)[1:]
        padding = [""] * len(new)
        write_atomic(self.path, encode_rows([columns, *([*line, *padding] for line in lines)]))
        self._columns = columns
        self._known = frozenset(columns)

    def _flush_later(self, seconds: float) -> None:
        """See to it that a waiting row is written in time, also if no other follows it."""
        if self._timer is None:
            atexit.register(self.flush)
            self._timer = threading.Timer(seconds, self._flush_on_time)
            self._timer.daemon = True
            self._timer.start()

    def _flush_on_time(self) -> None:
        with self._guard:
            self._timer = None
            atexit.unregister(self.flush)
            self.flush()

    def _trim(self) -> None:
        excess = len(self._pending) - self._memory_rows
        if excess > 0:
            self._dropped += excess
            del self._pending[:excess]

    def _forget_parent(self) -> None:
        self._pid = os.getpid()
        self._guard = threading.RLock()  # a thread of the parent may have held the old one
        self._timer = None
        self._pending = []
        self._columns = None
        self._close_descriptor()

    def _close_descriptor(self) -> None:
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)


def read_table(path: Path) -> list[dict[str, Cell]]:
    """All whole rows of a table file; see `Table.read`."""
    try:
        content = read_content(path)
    except FileNotFoundError:
        return []
    return parse_rows(content, path)
