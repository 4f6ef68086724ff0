"""A row of a listing: what is read of one run to put it beside others, or why it cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from stride.config.effective import Change, effective_config
from stride.config.stored import read_stored_config
from stride.errors import StrideError
from stride.store.labels import Labels
from stride.store.liveness import Verdict
from stride.store.record import RunRecord
from stride.store.run import Run

_LOOKS = 3

UNREADABLE = "unreadable"
"""The status of a run whose files cannot be read; the reason is beside it."""


@dataclass(frozen=True)
class Row:
    """One run as its config.json, run.json and labels.json tell it; what is unreadable is None.

    Attributes:
        settings: the effective config: what is stored, and what attempts changed since.
        changed: what attempts changed, by dotted key.
    """

    run: Run
    settings: dict[str, Any] | None
    changed: dict[str, Change]
    record: RunRecord | None
    labels: Labels | None
    verdict: Verdict | None
    problem: str | None

    @property
    def status(self) -> str:
        """The status in one word: what is known of a life goes before what is stored."""
        return UNREADABLE if self.verdict is None or self.problem else self.verdict.word

    @property
    def chosen(self) -> frozenset[str]:
        """The config keys that people gave, at the creation or for an attempt."""
        return frozenset(self.record.chosen if self.record else ()) | self.changed.keys()


def read_row(run: Run) -> Row:
    """Read the three files of a run; never raises for what is in them."""
    problems: list[str] = []

    def attempt(read: Any) -> Any:
        try:
            return read()
        except (StrideError, FileNotFoundError) as error:
            problems.append(str(error))
            return None

    config = attempt(lambda: read_stored_config(run.read_config(), str(run.config_path)))
    record = attempt(run.read_record)
    labels = attempt(run.read_labels)
    settings, changed = _effective(config, record)
    verdict = None if record is None else run.status(record)
    return Row(run, settings, changed, record, labels, verdict, "; ".join(problems) or None)


def read_present(runs: Iterable[Run]) -> Iterator[Row]:
    """Read runs that were found a moment ago; those that have been removed since are left out.

    One that cannot be read is read again: it may have been removed and restored between its files.
    """
    for run in runs:
        row = read_row(run)
        for _ in range(_LOOKS):
            if row.problem is None or not run.exists():
                break
            row = read_row(run)
        if row.problem is None or run.exists():
            yield row


def _effective(
    config: dict[str, Any] | None, record: RunRecord | None
) -> tuple[dict[str, Any] | None, dict[str, Change]]:
    """The settings without the format number, which is none, and what attempts changed in them."""
    if config is None:
        return None, {}
    settings = {key: value for key, value in config.items() if key != "format"}
    attempts = record.attempts if record else ()
    found = effective_config(settings, ((each.number, each.changes) for each in attempts))
    return found.config, found.changed
