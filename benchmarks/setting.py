"""The setting of one run of the benchmarks: how thorough, where, and with which peers."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.command import run_once
from benchmarks.contestant import Contestant, ContestantError
from benchmarks.peers import Peers
from benchmarks.worker import Worker


@dataclass(frozen=True)
class Setting:
    """What every comparison is given.

    Attributes:
        quick: few repeats of little work: shows that the frame runs, measures nothing.
        scratch: an empty folder on a real disk; a comparison makes a folder of its own in it.
    """

    quick: bool
    scratch: Path
    peers: Peers

    def choose(self, thorough: int, quick: int) -> int:
        """One of two numbers."""
        return quick if self.quick else thorough

    def folder(self, name: str) -> Path:
        """A new empty folder in the scratch."""
        path = self.scratch / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def own(self, module: str, **arguments: object) -> Callable[[], Contestant]:
        """A worker in the environment of the project."""
        return lambda: Worker(Path(sys.executable), module, arguments)

    def peer(
        self, package: str, module: str, **arguments: object
    ) -> Callable[[], Contestant] | str:
        """A worker in the environment of the peers, or why there is none."""
        return self.peers.missing(package) or (lambda: Worker(self.peers.python, module, arguments))

    def prepare(self, package: str, module: str, *arguments: str) -> str | None:
        """Run a peer's preparation to its end; why it could not be, or None."""
        if reason := self.peers.missing(package):
            return reason
        try:
            run_once(self.peers.python, module, *arguments)
        except ContestantError as error:
            return str(error)
        return None
