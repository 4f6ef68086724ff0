"""One try at a run: it holds the lock, is the only writer of run.json, and ends with an outcome."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from stride.errors import StoppedError, StorageError
from stride.store.failure import failure_of
from stride.store.lock import AttemptLock
from stride.store.machine_identity import boot_clock, out_of_memory_kills
from stride.store.record import (
    BestRecord,
    CodeRecord,
    Progress,
    RunRecord,
    Sign,
    Status,
    utc_now,
    write_record,
)
from stride.store.stored_values import Number, stored_metrics, stored_number

if TYPE_CHECKING:
    from stride.store.run import Run

_logger = logging.getLogger(__name__)

_WRITE_EVERY = 1.0
"""Seconds between two writings of run.json that are not asked for by a change of state."""


class Attempt:
    """The attempt of this process at a run; made by `Run.start`, used in a `with` block.

    Leaving the block without an exception completes the run, unless `stop` or `fail` was called.
    Ctrl-C and StoppedError stop it; any other exception fails it with type, message and place. All
    of them go on upward. A child that was forked off inside the block changes nothing.
    """

    def __init__(self, run: Run, lock: AttemptLock, record: RunRecord) -> None:
        self.run = run
        self._lock = lock
        self._record = record
        self._pid = os.getpid()
        self._written = time.monotonic()
        self._promised = _promise_of(record)
        self._failing = False

    @property
    def record(self) -> RunRecord:
        """run.json as it is known here, which may be newer than what is on the disk by a second."""
        return self._record

    @property
    def number(self) -> int:
        """1 for the first attempt at the run."""
        return self._record.attempts[-1].number

    @property
    def ended(self) -> bool:
        """Whether the outcome is written."""
        return self._record.status is not Status.RUNNING

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pid != os.getpid() or self.ended:
            return
        if error is None:
            self.complete()
            return
        try:
            if isinstance(error, KeyboardInterrupt):
                self.stop(str(error) or "interrupted")
            elif isinstance(error, StoppedError):
                self.stop(str(error) or "asked to stop")
            elif isinstance(error, SystemExit) and not error.code:
                self.stop("the program ended itself")
            else:
                self.fail(error)
        except Exception as refusal:  # noqa: BLE001 - the error on its way up must not be lost
            _logger.error("the end of %s could not be written: %s", self.run.address, refusal)

    def sign(
        self,
        *,
        step: int | None = None,
        epoch: int | None = None,
        max_epochs: int | None = None,
        max_steps: int | None = None,
        metrics: Mapping[str, float] | None = None,
        promise: float = 60.0,
    ) -> None:
        """Give a sign of life and say where the training is; what is None stays as it was.

        run.json is rewritten at most once a second, or at once where a longer silence is announced
        than the file says. Where that fails it is said once, and training goes on.

        Args:
            metrics: the newest values, by name; others keep theirs.
            promise: seconds until the next sign at the latest; then the run counts as stalled.
        """
        old = self._record.progress or Progress()
        step = old.step if step is None else int(step)
        self._change_attempt(
            sign=Sign(boottime=boot_clock(), promise=promise, step=step), last_step=step
        )
        self._change(
            progress=Progress(
                epoch=old.epoch if epoch is None else int(epoch),
                max_epochs=old.max_epochs if max_epochs is None else max_epochs,
                step=step,
                max_steps=old.max_steps if max_steps is None else max_steps,
            )
        )
        if metrics:
            self._change(last={**self._record.last, **stored_metrics(metrics)})
        if promise > self._promised or time.monotonic() - self._written >= _WRITE_EVERY:
            self.write()

    def found(
        self,
        resolved: Mapping[str, Any] | None = None,
        *,
        device: str | None = None,
        threads: int | None = None,
        first_step: int | None = None,
        checkpoint: str | None = None,
        notes: Iterable[str] = (),
    ) -> None:
        """Record what data and machine decided: dotted keys to JSON values; and of this attempt.

        Args:
            checkpoint: the name of the one that it goes on from.
            notes: of its beginning, for people; they are added to those that there are.

        Raises:
            TypeError: a value is no JSON.
        """
        values = msgspec.to_builtins(dict(resolved or {}))
        self._change(resolved={**self._record.resolved, **values})
        attempt = self._record.attempts[-1]
        self._change_attempt(
            device=attempt.device if device is None else device,
            threads=attempt.threads if threads is None else threads,
            first_step=attempt.first_step if first_step is None else first_step,
            checkpoint=attempt.checkpoint if checkpoint is None else checkpoint,
            notes=(*attempt.notes, *notes),
        )

    def fingerprint(self, fingerprints: Mapping[str, str]) -> None:
        """Record digests of the content of data, by what they belong to."""
        self._change(fingerprints={**self._record.fingerprints, **fingerprints})

    def code(self, code: tuple[CodeRecord, ...]) -> None:
        """Record the user's own things that the config names; the same reference once."""
        kept = {known.reference: known for known in (*self._record.code, *code)}
        self._change(code=tuple(kept.values()))

    def best(self, best: BestRecord) -> None:
        """Record the best value of a monitor in place of the one before."""
        best = msgspec.structs.replace(
            best, value=stored_number(best.value), metrics=stored_metrics(best.metrics)
        )
        kept = {known.monitor: known for known in (*self._record.best, best)}
        kept[best.monitor] = best
        self._change(best=tuple(kept.values()))

    def rewind(
        self,
        *,
        best: tuple[BestRecord, ...] = (),
        last: Mapping[str, Number] = {},
        step: int,
        epoch: int,
    ) -> None:
        """Go back to the moment of a checkpoint: what was recorded of later steps is dropped."""
        self._change(best=best, last=dict(last))
        self.found(first_step=step)
        self.sign(step=step, epoch=epoch)

    def forget_digests(self, prefix: str) -> None:
        """Drop the digests of files whose names begin so."""
        kept = self._record.digests.items()
        self._change(digests={name: each for name, each in kept if not name.startswith(prefix)})

    def digest(self, name: str, digest: str | None) -> None:
        """Record the digest of a file of weights, by its name; None forgets it."""
        digests = {known: value for known, value in self._record.digests.items() if known != name}
        self._change(digests=digests if digest is None else {**digests, name: digest})

    def note(self, reason: str) -> None:
        """Leave word of what is about to end the process, from the handler of a signal say."""
        self._change(reason=reason)
        self.write()

    def write(self) -> None:
        """Write run.json now, without waiting for the disk; a failure is said once."""
        if self._pid != os.getpid() or self.ended:
            return
        self._written = time.monotonic()
        self._promised = _promise_of(self._record)
        self._lock.renew()
        self._change_attempt(out_of_memory_kills=out_of_memory_kills())
        try:
            write_record(self.run.record_path, self._record, durable=False)
        except OSError as error:
            if not self._failing:
                _logger.warning("%s; training goes on", error)
            self._failing = True
        else:
            self._failing = False

    def complete(self, reason: str | None = None) -> None:
        """The training is done; the run is closed.

        Raises:
            StorageError: the disk refused.
        """
        self._end(Status.COMPLETED, reason=reason)

    def stop(self, reason: str) -> None:
        """The training was asked to stop, and can go on later.

        Raises:
            StorageError: the disk refused.
        """
        self._end(Status.STOPPED, reason=reason)

    def fail(self, error: BaseException) -> None:
        """The training failed, for a reason that is kept with the place where it was raised.

        Raises:
            StorageError: the disk refused.
        """
        self._end(Status.FAILED, error=failure_of(error))

    def _end(self, status: Status, **changes: Any) -> None:
        if self._pid != os.getpid() or self.ended:
            return
        for table in (self.run.metrics, self.run.steps, self.run.timings, self.run.digests):
            with contextlib.suppress(OSError):
                table.close()
        *earlier, attempt = self._record.attempts
        attempt = msgspec.structs.replace(attempt, ended=utc_now(), outcome=str(status))
        ended = msgspec.structs.replace(
            self._record, status=status, attempts=(*earlier, attempt), **changes
        )
        self._write_end(ended)  # if refused: we hold the run, and may try again
        self._record = ended
        self._lock.release()

    def _write_end(self, ended: RunRecord) -> None:
        """Write the outcome; on a full disk with the space that was set apart for it."""
        try:
            write_record(self.run.record_path, ended)
        except StorageError:
            if not self._lock.give_space():
                raise
            write_record(self.run.record_path, ended)

    def _change(self, **changes: Any) -> None:
        self._record = msgspec.structs.replace(self._record, **changes)

    def _change_attempt(self, **changes: Any) -> None:
        *earlier, attempt = self._record.attempts
        self._change(attempts=(*earlier, msgspec.structs.replace(attempt, **changes)))


def _promise_of(record: RunRecord) -> float:
    sign = record.attempts[-1].sign
    return sign.promise if sign is not None else 0.0
