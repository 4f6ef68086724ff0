"""The end of a training in words: its numbers, or why it came early."""

from __future__ import annotations

import traceback
from collections.abc import Mapping

from stride.cli.value import duration_text, metric_text
from stride.errors import StrideError
from stride.report.portrait import seconds_of
from stride.store.record import Status
from stride.store.row import Row, read_row
from stride.store.run import Run


def numbers_text(results: Mapping[str, float]) -> str:
    """The answer: the metrics of the evaluation that ended the training."""
    return "  ".join(f"{name}={metric_text(value)}" for name, value in results.items())


def summary_text(row: Row) -> str:
    """How it ended, and the best value by each monitor."""
    attempt = row.record.attempt if row.record else None
    seconds = seconds_of(attempt) if attempt else None
    took = "" if seconds is None else f" in {duration_text(seconds)}"
    bests = [
        f"best {best.monitor}={metric_text(best.value)} (epoch {best.epoch})"
        for best in (row.record.best if row.record else ())
    ]
    return "  ".join([f"{row.status}{took}", *bests])


def stopped_text(run: Run, reason: str = "") -> str:
    """The sentence for a run that was stopped, by whatever reason, and how it goes on."""
    row = read_row(run)
    progress = row.record.progress if row.record else None
    place = "" if progress is None or progress.step is None else f" after step {progress.step}"
    further = f"; stride resume {run.address} goes on" if row.status == Status.STOPPED else ""
    return f"{reason or 'interrupted'}; {run.address} is {row.status}{place}{further}"


def failure(run: Run, error: Exception | SystemExit) -> StrideError:
    """The sentence for a run that failed; what is no error of stride, and so does not say what to
    do, is shown with its trace.
    """
    if isinstance(error, StrideError):
        if run.read_record().status in (Status.CREATED, Status.STOPPED):  # as it was before
            return StrideError(f"{run.address} was not begun: {error}")
        return StrideError(f"{run.address} failed: {error}")
    if isinstance(error, SystemExit):
        return StrideError(
            f"{run.address} has not ended its training: its code ended the program (sys.exit);"
            f" stride log {run.address} shows its log"
        )
    traceback.print_exception(error)
    what = f"{type(error).__name__}: {error}"
    return StrideError(f"{run.address} failed: {what}; stride log {run.address} shows its log")
