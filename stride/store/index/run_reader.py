"""Reading many runs into a slab: what read one by one would say, in a third of the time.

Configs of an experiment are alike: each group of settings is looked at once, and known again by
its bytes. A run that is out of the ordinary in any way is read the slow way, which also words what
is wrong with it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from stride.config.differences import flatten
from stride.config.format import FORMAT as CONFIG_FORMAT
from stride.errors import StrideError
from stride.json_text import is_too_deep
from stride.store.index.cells import Outcome, label_cells, read_run, record_cells
from stride.store.index.slab import Filling, Pairs
from stride.store.index.stamps import StampedFile
from stride.store.labels import Labels, decode_labels
from stride.store.record import decode_record
from stride.store.run import Run
from stride.store.run_folder import RunFolder

_FOLDER = RunFolder(Path())
RECORD = StampedFile(_FOLDER.record_path.name)
CONFIG = StampedFile(_FOLDER.config_path.name)
LABELS = StampedFile(_FOLDER.labels_path.name, is_seldom=True)
RUN_FILES = (RECORD, CONFIG, LABELS)
"""What `RunReader` reads of each run."""

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW
_FORMAT = str(CONFIG_FORMAT).encode()
_UNNAMED = Path()
"""In place of a path that no sentence will name."""

_decode_groups = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class UnusualError(Exception):
    """The run is to be read the slow way."""


_UNUSUAL = (
    *(UnusualError, StrideError, OSError),
    *(msgspec.MsgspecError, ValueError, RecursionError),
)


class RunReader:
    """Reads runs into one slab.

    Args:
        experiment: path of its folder.
        filling: the slab.
    """

    def __init__(self, experiment: Path, filling: Filling) -> None:
        self._experiment = experiment
        self._folder = str(experiment)
        self._filling = filling
        self._groups: dict[str, dict[bytes, Pairs]] = {}

    def read(self, name: str, sizes: Sequence[int | None]) -> Outcome:
        """Read a run into the next row, which stays empty where the run is gone.

        Args:
            name: of the run.
            sizes: in bytes, of its run.json, config.json and labels.json; None where there is none.
        """
        folder = f"{self._folder}/{name}"
        try:
            record = decode_record(_read(f"{folder}/{RECORD.path}", sizes[0]), _UNNAMED)
            if any(attempt.changes for attempt in record.attempts):
                raise UnusualError
            pairs = self._code_config(_read(f"{folder}/{CONFIG.path}", sizes[1]))
            cells = record_cells(record)
            labels = Labels()
            if sizes[2] is not None:
                labels = decode_labels(_read(f"{folder}/{LABELS.path}", sizes[2]), _UNNAMED)
            cells |= label_cells(labels)
        except _UNUSUAL:
            reading = read_run(Run(self._experiment / name))
            self._filling.add(reading.cells.items())
            self._filling.rows += 1
            return reading.outcome
        row = self._filling.rows
        for codes, code in pairs:
            codes[row] = code
        self._filling.add(cells.items())
        self._filling.rows += 1
        return Outcome.LASTING

    def _code_config(self, content: bytes) -> Pairs:
        pairs: Pairs = []
        groups = _decode_groups(content)
        if bytes(groups.pop("format", b"")) != _FORMAT:
            raise UnusualError
        for key, raw in groups.items():
            known = self._groups.setdefault(key, {})
            text = bytes(raw)
            found = known.get(text)
            if found is None:
                tree = msgspec.json.decode(raw)
                if is_too_deep(text, tree):
                    raise UnusualError
                leaves = flatten({key: tree})
                found = self._filling.code((f"config.{leaf}", leaves[leaf]) for leaf in leaves)
                known[text] = found
            pairs += found
        return pairs


def _read(path: str, size: int | None) -> bytes:
    """The bytes of a regular file of a size that was seen a moment ago.

    Raises:
        UnusualError: it has another by now, or there was none.
        OSError: it cannot be read, or is a symbolic link.
    """
    if size is None:
        raise UnusualError
    descriptor = os.open(path, _FLAGS)
    try:
        content = os.read(descriptor, size + 1)
    finally:
        os.close(descriptor)
    if len(content) != size:
        raise UnusualError
    return content
