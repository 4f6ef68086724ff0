"""Telling a study what became of a trial, and writing the best config where that changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stride.store.record import Status
from stride.sweep.best import write_best_config
from stride.sweep.definition import Definition
from stride.sweep.folder import SweepFolder
from stride.sweep.outcome import failure_text, value_of_run
from stride.sweep.samplers import build_sampler
from stride.sweep.standing import ERROR, PRUNED, RUN, Look

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial


@dataclass(frozen=True)
class Ended:
    """A trial that was told.

    Attributes:
        state: Optuna's word: `COMPLETE`, `PRUNED`, `FAIL`.
        reason: why it failed or was pruned.
    """

    number: int
    run: str | None
    state: str
    value: float | None = None
    reason: str = ""


def tell(
    folder: SweepFolder, definition: Definition, study: Study, trial: FrozenTrial, look: Look
) -> Ended:
    """Tell what the run of a trial says, whose training has ended or which was removed."""
    import optuna

    run, record = look.run, look.record
    if run is None or record is None:
        return fail(study, trial, look.reason)
    if record.status is not Status.COMPLETED:
        return fail(study, trial, failure_text(record))
    study.sampler = build_sampler(definition, trial.number)
    if PRUNED in trial.user_attrs:
        study.tell(trial.number, state=optuna.trial.TrialState.PRUNED)
        return Ended(trial.number, run.name, "PRUNED", reason=str(trial.user_attrs[PRUNED]))
    value = value_of_run(run, record, definition.metric)
    if value is None:
        return fail(study, trial, f"{definition.metric} was never a number")
    study.tell(trial.number, value)
    write_best_config(folder, study)
    return Ended(trial.number, run.name, "COMPLETE", value)


def fail(study: Study, trial: FrozenTrial, reason: str) -> Ended:
    """Tell that a trial failed, and why."""
    import optuna

    optuna.trial.Trial(study, trial._trial_id).set_user_attr(ERROR, reason)
    study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return Ended(trial.number, trial.user_attrs.get(RUN), "FAIL", reason=reason)
