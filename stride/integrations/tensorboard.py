"""TensorBoard: a callback that writes the numbers of a training to event files."""

from __future__ import annotations

import io
import logging
import os
import socket
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from stride.errors import ConfigError
from stride.files import storage_errors
from stride.tables import Cell
from stride.training.callbacks import Callback
from stride.training.moments import EpochEnded, FitBegins, FitEnded, Moment, StepLogged

try:
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter
except ImportError as error:
    raise ConfigError(
        "TensorBoard is not installed: pip install 'stride-experiments[tensorboard]'"
    ) from error

_logger = logging.getLogger(__name__)

_POSITION = ("step", "epoch")
_SPLITS = ("train", "val", "test")
_KEPT_EVENTS = 10_000


class TensorBoard(Callback):
    """Writes every row of the tables to `logs/tensorboard` of the run: `tensorboard --logdir EXP`.

    What steps.csv has is under `step/`, the rest under `train/`, `val/` and `test/`. Each row is
    with the operating system when the moment is over; nothing is written by a thread. Where an
    earlier attempt got further than this one begins, TensorBoard is told to forget the rest.

    While the disk refuses, events are kept in memory up to a bound and tried again with each new
    one; it is said once.
    """

    draws_randomness = False

    def __init__(self) -> None:
        self._path: Path | None = None
        self._descriptor: int | None = None
        self._kept: deque[bytes] = deque(maxlen=_KEPT_EVENTS)
        self._step = 0
        self._refused = False

    def observe(self, moment: Moment) -> None:
        """Write the numbers of a moment."""
        if isinstance(moment, FitBegins):
            self._begin(moment)
        elif isinstance(moment, StepLogged | EpochEnded):
            self._step = moment.step
            # The learning rate of an epoch stands in the rows of its steps.
            left_out = _POSITION if isinstance(moment, StepLogged) else (*_POSITION, "lr")
            self._write_row(moment.row, left_out)
        elif isinstance(moment, FitEnded):
            self._write_row(moment.results, _POSITION)
            self._let_go()

    def _begin(self, moment: FitBegins) -> None:
        folder = moment.run.tensorboard_path
        earlier = _earlier_files(folder)
        # Files are read in the order of their names, and clocks may have been set back.
        second = max([int(time.time()), *(before + 1 for before in earlier)])
        host = socket.gethostname()
        self._path = folder / f"events.out.tfevents.{second:010d}.{host}.{os.getpid()}"
        self._step = moment.first_step
        self._put(Event(wall_time=time.time(), file_version="brain.Event:2"))
        if earlier:
            start = SessionLog(status=SessionLog.START)
            first = moment.first_step + 1
            self._put(Event(wall_time=time.time(), step=first, session_log=start))
        self._write()

    def _write_row(self, row: Mapping[str, Cell], left_out: tuple[str, ...]) -> None:
        values = [
            Summary.Value(tag=_tag(name), simple_value=value)
            for name, value in row.items()
            if name not in left_out and isinstance(value, float | int)
        ]
        if values and self._path is not None:
            summary = Summary(value=values)
            self._put(Event(wall_time=time.time(), step=self._step, summary=summary))
            self._write()

    def _put(self, event: Event) -> None:
        record = io.BytesIO()
        RecordWriter(record).write(event.SerializeToString())
        self._kept.append(record.getvalue())

    def _write(self) -> None:
        """Write what is kept, whole records: what a full disk took of one is cut off again."""
        assert self._path is not None
        try:
            with storage_errors("write", self._path):
                if self._descriptor is None:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
                    self._descriptor = os.open(self._path, flags, 0o666)
                while self._kept:
                    self._write_whole(self._descriptor, self._kept[0])
                    self._kept.popleft()
        except OSError as error:
            if not self._refused:
                self._refused = True
                _logger.warning("%s; the events are kept in memory and written later", error)

    def _write_whole(self, descriptor: int, record: bytes) -> None:
        size = os.fstat(descriptor).st_size
        written = 0
        try:
            while written < len(record):
                written += os.write(descriptor, record[written:])
        except OSError:
            os.ftruncate(descriptor, size)
            raise

    def _let_go(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _tag(name: str) -> str:
    """`train/loss` for train_loss, and `step/loss` for what steps.csv has."""
    split, _, rest = name.partition("_")
    return f"{split}/{rest}" if split in _SPLITS and rest else f"step/{name}"


def _earlier_files(folder: Path) -> list[int]:
    """The times in the names of the files that are there, in seconds."""
    with storage_errors("read", folder):
        names = [path.name for path in folder.glob("events.out.tfevents.*")]
    times = [name.split(".")[3] for name in names]
    return [int(text) for text in times if text.isdecimal()]
