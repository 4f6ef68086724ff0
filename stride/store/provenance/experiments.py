"""Experiments in a repository: which of its paths belong to one, and are therefore no code."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

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
        self._known: dict[str, bool] = {}

    def holder(self, path: str) -> str | None:
        """The experiment, or the part of one, that holds a path of the repository; None for code.

        Args:
            path: relative to the top of the repository, with `/`; a file or a folder.
        """
        parts = PurePosixPath(path).parts
        for depth in range(len(parts) + 1):
            folder = "/".join(parts[:depth])
            if not self._is_experiment(folder):
                continue
            if folder and not self._source.is_relative_to(self._top / folder):
                return folder
            if depth < len(parts):
                entry = "/".join(parts[: depth + 1])
                if parts[depth] in _OWN_ENTRIES or (self._top / entry / "run.json").is_file():
                    return entry
        return None

    def _is_experiment(self, folder: str) -> bool:
        if folder not in self._known:
            path = self._top / folder
            self._known[folder] = path == self._own or is_experiment(path)
        return self._known[folder]


def is_experiment(folder: Path) -> bool:
    """Whether the config.json of a folder carries stride's format; true of a run as well."""
    config = folder / "config.json"
    try:
        if not config.is_file():
            return False
        msgspec.json.decode(config.read_bytes(), type=_Marked)
    except (OSError, ValueError, RecursionError):
        return False
    return True
