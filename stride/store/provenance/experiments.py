"""Experiments in a repository: which of its paths belong to one, and are therefore no code."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from stride.errors import StrideError
from stride.files import read_content

_OWN_ENTRIES: Final = frozenset({"config.json", ".stride", ".staging", ".trash", ".sweeps"})


class _Marked(msgspec.Struct):
    """What every config.json of stride holds."""

    format: int


class Experiments:
    """The experiments inside a repository.

    An experiment is left out whole. One that holds the code as well (a work_dir that is the
    repository itself, or a folder with scripts beside the runs) is left out only as far as it is
    stride's: its config.json, its hidden folders and its runs.

    Args:
        top: the top folder of the repository.
        own: the experiment that the attempt belongs to; it need not exist yet.
        source: where the code is started from.
    """

    def __init__(self, top: Path, own: Path, source: Path) -> None:
        self._top = top
        self._own = own.resolve()
        self._source = source.resolve()
        self._experiments: dict[str, bool] = {}
        self._holders: dict[str, str | None] = {"": None}

    def holder(self, path: str) -> str | None:
        """The experiment, or the part of one, that holds a file of the repository; None for code.

        Args:
            path: relative to the top of the repository, with `/`.
        """
        folder = path.rpartition("/")[0]
        return self.holder_of_folder(folder) or self._own_part(folder, path)

    def holder_of_folder(self, folder: str) -> str | None:
        """The same of a folder; "" is the top."""
        if folder not in self._holders:
            parent = folder.rpartition("/")[0]
            holder = self.holder_of_folder(parent) or self._own_part(parent, folder)
            if holder is None and self._is_experiment(folder):
                holds_code = self._source.is_relative_to(self._top / folder)
                holder = None if holds_code else folder
            self._holders[folder] = holder
        return self._holders[folder]

    def _own_part(self, folder: str, entry: str) -> str | None:
        """The entry of an experiment that holds code, if it is stride's: a run, the config."""
        if not self._is_experiment(folder):
            return None
        own = entry.rpartition("/")[2] in _OWN_ENTRIES
        return entry if own or (self._top / entry / "run.json").is_file() else None

    def _is_experiment(self, folder: str) -> bool:
        if folder not in self._experiments:
            path = self._top / folder
            self._experiments[folder] = path == self._own or is_experiment(path)
        return self._experiments[folder]


def is_experiment(folder: Path) -> bool:
    """Whether the config.json of a folder carries stride's format; true of a run as well."""
    config = folder / "config.json"
    try:
        msgspec.json.decode(read_content(config), type=_Marked)
    except (OSError, StrideError, ValueError, RecursionError):
        return False
    return True
