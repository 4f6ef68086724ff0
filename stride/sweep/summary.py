"""The summary of a sweep: the state of each trial, the best so far, what mattered. Only reads."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stride.sweep.best import best_trial
from stride.sweep.definition import Definition
from stride.sweep.drawing import point_of
from stride.sweep.folder import SweepFolder
from stride.sweep.journal import read_study
from stride.sweep.quiet import quietly
from stride.sweep.space import Point
from stride.sweep.standing import ERROR, PRUNED, RETRY_OF, RUN, Look, Standing, look_at

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

_FEWEST = 6
"""Completed trials below which nothing is said of what mattered."""


@dataclass(frozen=True)
class TrialRow:
    """One trial.

    Attributes:
        run: name of its run; None before it has one.
        state: `completed`, `pruned`, `failed`, or the status of its run.
        value: of the metric; of a pruned one the last that it reported; None where there is none.
        reason: why it failed, was pruned, or is not known.
        retry_of: the trial that it tries again.
    """

    trial: int
    run: str | None
    state: str
    value: float | None
    point: Point
    reason: str = ""
    retry_of: int | None = None


@dataclass(frozen=True)
class Summary:
    """All of a sweep.

    Attributes:
        total: how many trials there are to be.
        counts: trials by state.
        history: the best value after each completed trial, by number.
        importances: keys and their share in what differs between completed trials, the greatest
            first; empty where it cannot be said.
    """

    definition: Definition
    total: int
    rows: tuple[TrialRow, ...]
    counts: dict[str, int]
    best: TrialRow | None
    history: tuple[tuple[int, float], ...]
    importances: dict[str, float]

    @property
    def left(self) -> int:
        """Trials that are not done yet, those that nobody has begun included."""
        again = {row.retry_of for row in self.rows}
        done = [
            row
            for row in self.rows
            if row.state in ("completed", "pruned", "failed") and row.trial not in again
        ]
        return max(0, self.total - len(done))

    @property
    def failed(self) -> int:
        """Trials that failed, and that nobody tries again."""
        again = {row.retry_of for row in self.rows}
        return sum(row.state == "failed" and row.trial not in again for row in self.rows)


def read_summary(folder: SweepFolder, definition: Definition) -> Summary:
    """Read how a sweep stands.

    Raises:
        UsageError: Optuna is not installed.
        StoredFileError: the journal cannot be read.
    """
    study = read_study(folder, definition)
    if study is None:
        return Summary(definition, definition.trials, (), {}, None, (), {})
    trials = study.get_trials(deepcopy=False)
    rows = tuple(_row(folder, definition, trial) for trial in trials)
    best = best_trial(study)
    return Summary(
        definition,
        int(study.user_attrs.get("trials", definition.trials)),
        rows,
        dict(Counter(row.state for row in rows)),
        None if best is None else rows[best.number],
        _history(rows, definition),
        _importances(study, rows),
    )


def _row(folder: SweepFolder, definition: Definition, trial: FrozenTrial) -> TrialRow:
    state, reason = _state(folder, trial)
    value = trial.value if trial.state.is_finished() else None
    return TrialRow(
        trial.number,
        trial.user_attrs.get(RUN),
        state,
        value,
        point_of(trial, definition.space),
        reason,
        trial.user_attrs.get(RETRY_OF),
    )


def _state(folder: SweepFolder, trial: FrozenTrial) -> tuple[str, str]:
    name, attributes = trial.state.name, trial.user_attrs
    if name == "COMPLETE":
        return "completed", ""
    if name == "PRUNED":
        return "pruned", str(attributes.get(PRUNED, ""))
    if name == "FAIL":
        return "failed", str(attributes.get(ERROR, ""))
    if name == "WAITING":
        return "waiting", ""
    return _word(look_at(folder.work_dir, attributes))


def _word(look: Look) -> tuple[str, str]:
    if look.run is None:
        return "waiting", ""
    if look.record is None:
        return ("removed" if look.standing is Standing.GONE else "unknown"), look.reason
    verdict = look.run.status(look.record)
    return verdict.word, verdict.reason


def _history(rows: tuple[TrialRow, ...], definition: Definition) -> tuple[tuple[int, float], ...]:
    history: list[tuple[int, float]] = []
    for row in rows:
        if row.state == "completed" and row.value is not None:
            best = history[-1][1] if history else row.value
            better = max if definition.direction == "max" else min
            history.append((row.trial, better(best, row.value)))
    return tuple(history)


def _importances(study: Study, rows: tuple[TrialRow, ...]) -> dict[str, float]:
    """By Optuna; nothing is said where the trials do not tell."""
    values: list[Any] = [row.value for row in rows if row.state == "completed"]
    if len(values) < _FEWEST or len(set(values)) == 1 or not all(map(math.isfinite, values)):
        return {}
    import optuna

    try:
        with quietly():
            found = optuna.importance.get_param_importances(study)
    except (ValueError, RuntimeError, ImportError):
        return {}
    return {key: share for key, share in found.items() if math.isfinite(share)}
