"""Taking provenance: all of it, beside the start of an attempt, without ever failing it."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from stride.errors import StorageError
from stride.files import encode_json
from stride.store.provenance.code import TakenCode, take_code
from stride.store.provenance.folder import ProvenanceFolder
from stride.store.provenance.git import GIT_SECONDS
from stride.store.provenance.machine import take_machine
from stride.store.provenance.packages import parse_packages, take_packages
from stride.store.provenance.read import read_folders
from stride.store.provenance.record import FORMAT, CodeState, MachineState

_PATIENCE: Final = 5.0
"""Seconds beyond git's own limit that `Taking.finish` waits for something that cannot be ended."""

_Part = TypeVar("_Part")


@dataclass(frozen=True)
class Taken:
    """What was found, in memory.

    Attributes:
        packages: the text of packages.txt.
        notes: what went wrong, in sentences; also in code.json and machine.json.
    """

    code: TakenCode
    packages: str | None
    machine: MachineState | None
    notes: tuple[str, ...]

    @property
    def code_digest(self) -> str | None:
        """Of the code as it was; None where it is not known."""
        return self.code.state.digest

    def write(self, target: Path, *, earlier: Sequence[Path] = ()) -> tuple[str, ...]:
        """Write it to the folder `target`, which must not have content yet.

        Args:
            earlier: folders of the attempts before, in order. A part (code, packages, machine) that
                is the same there is not written again; if all are, no folder is made.

        Returns:
            All notes, also that the folder could not be written: a run never fails for it.
        """
        known = read_folders(earlier)
        code = None if _is_same(known.code, self.code.state) else self.code.state
        machine = None if known.machine == self.machine else self.machine
        packages = self.packages
        if packages is not None and known.packages == parse_packages(packages):
            packages = None
        if code is None and machine is None and packages is None:
            return self.notes
        try:
            ProvenanceFolder(target).write(
                code=_encode(code),
                diff=self.code.diff,
                kept=self.code.files,
                packages=None if packages is None else packages.encode(),
                machine=_encode(machine),
            )
        except (StorageError, OSError, ValueError) as error:  # ValueError: a text that is no UTF-8
            return (*self.notes, f"provenance was not kept: {error}")
        return self.notes


class Taking:
    """Provenance on its way: taken by threads, while the caller imports torch."""

    def __init__(self, source: Path, experiment: Path, argv: Sequence[str], seconds: float) -> None:
        """Start; see `start_taking`."""
        folder = _working_folder()
        self._give_up = time.monotonic() + seconds + _PATIENCE
        self._code = _Background(lambda: take_code(source, experiment, seconds=seconds))
        self._rest = _Background(lambda: (take_packages(), take_machine(argv, folder)))

    def result(self) -> Taken:
        """Wait for it, as a rule not at all, and at most a few seconds longer than git may take."""
        code, code_notes = self._code.wait(self._give_up)
        rest, rest_notes = self._rest.wait(self._give_up)
        if code is None:
            code = TakenCode(CodeState(FORMAT, None, notes=code_notes))
        packages: str | None = None
        machine: MachineState | None = None
        if rest is not None:
            (packages, package_notes), machine = rest
            notes = (*machine.notes, *package_notes)
            machine = msgspec.structs.replace(machine, notes=notes)
            rest_notes = notes
        return Taken(code, packages, machine, (*code.state.notes, *rest_notes))

    def finish(self, target: Path, *, earlier: Sequence[Path] = ()) -> tuple[str, ...]:
        """Wait for it and write it to the folder `target`; see `Taken.write`."""
        return self.result().write(target, earlier=earlier)


def start_taking(
    *,
    experiment: Path,
    source: Path | None = None,
    argv: Sequence[str] | None = None,
    seconds: float = GIT_SECONDS,
) -> Taking:
    """Begin to take provenance of an attempt in the background; nothing is written yet.

    Args:
        experiment: the experiment of the attempt; it need not exist yet, and is never included.
        source: a folder with the code; the working folder if not given.
        argv: the command line; that of this process if not given.
        seconds: how long git may take in all.
    """
    source = Path(_working_folder()) if source is None else source
    return Taking(source, experiment, sys.orig_argv if argv is None else argv, seconds)


def take(
    target: Path,
    *,
    experiment: Path,
    source: Path | None = None,
    argv: Sequence[str] | None = None,
    earlier: Sequence[Path] = (),
) -> tuple[str, ...]:
    """Take provenance and write it to the folder `target`; see `start_taking`, `Taken.write`."""
    return start_taking(experiment=experiment, source=source, argv=argv).finish(
        target, earlier=earlier
    )


class _Background(threading.Thread, Generic[_Part]):
    """A thread for one part. It is a daemon: a process that ends early does not wait for it."""

    def __init__(self, work: Callable[[], _Part]) -> None:
        super().__init__(name="stride-provenance", daemon=True)
        self._work = work
        self._part: _Part | None = None
        self._failure: str | None = None
        self.start()

    def run(self) -> None:
        try:
            self._part = self._work()
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end a training
            self._failure = f"{type(error).__name__}: {error}"

    def wait(self, until: float) -> tuple[_Part | None, tuple[str, ...]]:
        """The part, or None and a note."""
        self.join(max(0.0, until - time.monotonic()))
        if self.is_alive():
            return None, ("a part of the provenance was not ready in time and is not kept",)
        if self._failure is not None:
            return None, (f"a part of the provenance could not be taken: {self._failure}",)
        return self._part, ()


def _is_same(known: CodeState | None, found: CodeState) -> bool:
    """Whether two states are of the same code; without a digest they must agree in all."""
    if known is None or found.digest is None:
        return known == found
    return (known.digest, known.commit, known.branch) == (found.digest, found.commit, found.branch)


def _encode(state: CodeState | MachineState | None) -> bytes | None:
    return None if state is None else encode_json(msgspec.to_builtins(state))


def _working_folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - as text: it may be gone
    except FileNotFoundError:
        return "."
