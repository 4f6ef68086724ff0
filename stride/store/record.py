"""The record of a run, run.json: frozen typed structs, read strictly and written whole."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from stride import __version__
from stride.errors import NewerFormatError, StoredFileError
from stride.files import encode_json, read_content, write_atomic
from stride.json_text import decode_json, many_brackets
from stride.store.stored_values import Number, storable

FORMAT = 1
"""The format of run.json that this version writes."""


class Status(StrEnum):
    """How far a run is, as stored; what is true of `running` the reader works out."""

    CREATED = "created"
    RUNNING = "running"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """A sign of life. `boottime` and `promise` are seconds; two boots are never compared."""

    boottime: float
    promise: float
    step: int | None = None


class AttemptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One try at a run, with all that a reader needs to tell whether its process lives.

    `started` and `ended` are UTC in ISO 8601; `pid_start` is in seconds since the boot (Linux) or
    the epoch; `locked` is False where the file system has no locks; `world_size` counts the ranks,
    `nodes` the machines that they are on. `overrides` are as typed, `settings` what they mean: the
    dotted keys that this attempt changed, with their values. `checkpoint` is the one that it went
    on from; `notes` say what else is to know of its beginning.
    """

    number: int
    started: str
    host: str
    machine_id: str
    boot_id: str
    pid: int
    pid_start: float | None
    pid_namespace: str
    locked: bool = True
    slurm_job: str | None = None
    slurm_restarts: int = 0
    launcher: str = "python"
    world_size: int = 1
    nodes: int = 1
    device: str | None = None
    threads: int | None = None
    overrides: tuple[str, ...] = ()
    settings: dict[str, Any] = {}
    checkpoint: str | None = None
    notes: tuple[str, ...] = ()
    first_step: int = 0
    last_step: int | None = None
    sign: Sign | None = None
    out_of_memory_kills: int | None = None
    ended: str | None = None
    outcome: str | None = None

    @property
    def changes(self) -> dict[str, Any] | tuple[str, ...]:
        """What it changed in the config: its settings, or overrides where those are not known."""
        return self.settings or self.overrides


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where the training is."""

    epoch: int | None = None
    max_epochs: int | None = None
    step: int | None = None
    max_steps: int | None = None


class BestRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The best value of a monitor: where it was reached, and the file with the weights."""

    monitor: str
    mode: str
    value: Number
    epoch: int | None = None
    step: int | None = None
    weights: str | None = None
    metrics: Mapping[str, Number] = {}


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """A run that this one was made from, and how (`continued`, `same config`, `weights`, ...)."""

    relation: str
    work_dir: str
    run: str
    id: str


class TrialRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The trial of a sweep that a run is: name of the sweep in its experiment, number of the trial.

    `study` is the permanent id of the sweep: another sweep of the same name is another one.
    """

    sweep: str
    study: str
    trial: int


class CodeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A thing of the user's own that the config names: its reference, file and digest."""

    reference: str
    path: str | None = None
    digest: str | None = None


class ErrorRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run failed: the exception's type and message, and the file and line that raised it."""

    type: str
    message: str
    where: str | None = None


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """All of run.json. `created` is UTC in ISO 8601; keys of `resolved` are dotted."""

    format: int = FORMAT
    id: str
    status: Status
    created: str
    stride: str
    overrides: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    parents: tuple[Parent, ...] = ()
    sweep: TrialRecord | None = None
    code: tuple[CodeRecord, ...] = ()
    resolved: dict[str, Any] = {}
    fingerprints: dict[str, str] = {}
    progress: Progress | None = None
    last: dict[str, Number] = {}
    best: tuple[BestRecord, ...] = ()
    digests: dict[str, str] = {}
    error: ErrorRecord | None = None
    reason: str | None = None
    attempts: tuple[AttemptRecord, ...] = ()

    @property
    def attempt(self) -> AttemptRecord | None:
        """The newest attempt, None before the first."""
        return self.attempts[-1] if self.attempts else None


_decoder = msgspec.json.Decoder(RunRecord)
_MIGRATIONS: dict[int, Any] = {}
"""From each older format one step to the next: `{1: function(tree) -> tree of format 2}`."""


def decode_record(content: bytes, path: Path) -> RunRecord:
    """Read the bytes of a run.json; `path` is for the sentence of an error.

    Raises:
        StoredFileError: empty, cut off, not JSON, or of a wrong type.
        NewerFormatError: written by a newer stride.
    """
    try:
        record = _decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _convert(decode_json(content, path), path)
    if record.format != FORMAT:
        return _convert(decode_json(content, path), path)
    if many_brackets(content):
        decode_json(content, path)  # looks how deeply it is nested
    return record


def _convert(tree: Any, path: Path) -> RunRecord:
    """The slow way: an older format, a newer one, or the sentence that says what is wrong."""
    number = tree.get("format") if isinstance(tree, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise StoredFileError(f"{path} is not the record of a run: it has no format number")
    if number > FORMAT:
        raise NewerFormatError(
            f"{path} has format {number} and was written by a newer stride; this one reads up to"
            f" {FORMAT}: update stride to read it"
        )
    for step in range(number, FORMAT):
        tree = _MIGRATIONS[step](tree)
    try:
        return msgspec.convert(tree, RunRecord)
    except msgspec.ValidationError as error:
        raise StoredFileError(f"{path} is not the record of a run: {error}") from error


def new_record(
    overrides: Iterable[str] = (),
    chosen: Iterable[str] = (),
    parents: Iterable[Parent] = (),
    code: Iterable[CodeRecord] = (),
    sweep: TrialRecord | None = None,
) -> RunRecord:
    """The record of a run that is made now, with an id of its own."""
    return RunRecord(
        id=os.urandom(16).hex(),
        status=Status.CREATED,
        created=utc_now(),
        stride=__version__,
        overrides=tuple(overrides),
        chosen=tuple(chosen),
        parents=tuple(parents),
        sweep=sweep,
        code=tuple(code),
    )


def read_record(path: Path) -> RunRecord:
    """Read a run.json.

    Raises:
        FileNotFoundError: there is none.
        StoredFileError: empty, cut off, not JSON, or of a wrong type.
        NewerFormatError: written by a newer stride.
        StorageError: it cannot be read.
    """
    return decode_record(read_content(path), path)


def encode_record(record: RunRecord) -> bytes:
    """The bytes of run.json: strict JSON, a bare nan nowhere.

    Bytes of a path or an argument that are no text become question marks.
    """
    tree = storable(msgspec.to_builtins(record))
    try:
        return encode_json(tree)
    except UnicodeEncodeError:
        return encode_json(_readable(tree))


def _readable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_readable(key): _readable(item) for key, item in value.items()}
    return [_readable(item) for item in value] if isinstance(value, list) else value


def write_record(path: Path, record: RunRecord, *, durable: bool = True) -> None:
    """Replace run.json atomically.

    Raises:
        StorageError: the disk refused; the old record stays.
    """
    write_atomic(path, encode_record(record), durable=durable)


def utc_now() -> str:
    """This moment, UTC in ISO 8601: `2026-11-20T13:36:00.123Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
