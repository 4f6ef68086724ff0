"""Pruning: the watcher of a trial's training, which reports to the study and may ask for the end.

It is built in the process that trains, on its first rank; that all ranks stop at the same step is
the loop's to see to. A trial that goes on after a kill comes by epochs that it has reported: they
are the same bits, and are not reported again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.sweep.definition import Definition, read_definition
from stride.sweep.folder import SweepFolder
from stride.sweep.journal import open_study
from stride.sweep.marks import read_mark
from stride.sweep.outcome import reported
from stride.sweep.pruners import NONE
from stride.sweep.quiet import quietly
from stride.sweep.standing import PRUNED, RUN_ID
from stride.training.callbacks import Callback, StopRequest
from stride.training.moments import EpochEnded, FitBegins, Moment

if TYPE_CHECKING:
    from optuna.trial import Trial


class Pruning(Callback):
    """Reports the metric of each epoch, and asks for the end where the pruner says so."""

    draws_randomness = False

    def __init__(self, folder: SweepFolder, definition: Definition, number: int) -> None:
        self._folder = folder
        self._definition = definition
        self._number = number
        self._trial: Trial | None = None

    def observe(self, moment: Moment) -> StopRequest | None:
        """Report at the end of each epoch."""
        if isinstance(moment, FitBegins):
            self._trial = self._find(moment.run)
        if not isinstance(moment, EpochEnded) or self._trial is None:
            return None
        trial, definition = self._trial, self._definition
        value = reported(moment.row, definition)
        if value is None:
            return None
        place = moment.step if definition.by_step else moment.epoch
        known = trial.study.get_trials(deepcopy=False)[self._number]
        if PRUNED not in known.user_attrs:
            with quietly():
                if place not in known.intermediate_values:
                    trial.report(value, place)
                if not trial.should_prune():
                    return None
            where = "step" if definition.by_step else "epoch"
            reason = f"pruned by {definition.pruner} after {where} {place}"
            trial.set_user_attr(PRUNED, reason)
            return StopRequest(reason)
        return StopRequest(str(known.user_attrs[PRUNED]))

    def _find(self, run: Run) -> Trial | None:
        """The trial in the journal, if it is that of the run and still open."""
        import optuna

        study = open_study(self._folder, self._definition)
        trials = study.get_trials(deepcopy=False)
        if self._number >= len(trials):
            return None
        trial = trials[self._number]
        if trial.state.is_finished() or trial.user_attrs.get(RUN_ID) != run.read_record().id:
            return None
        return optuna.trial.Trial(study, trial._trial_id)


def watchers_of(run: Run | None) -> list[Callback]:
    """What is to watch the training of a run that a worker of a sweep has started; as a rule,
    nothing.
    """
    mark = read_mark()
    if mark is None or run is None:
        return []
    sweep = run.read_record().sweep
    if sweep is None or (sweep.sweep, sweep.study) != (mark.sweep, mark.study):
        return []
    folder = SweepFolder(WorkDir(run.work_dir), mark.sweep)
    definition = read_definition(folder)
    return [] if definition.pruner == NONE else [Pruning(folder, definition, mark.trial)]
