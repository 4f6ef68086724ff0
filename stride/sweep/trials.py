"""The trials of a sweep as a worker sees them: it takes one, and tells what became of it.

Each happens in the worker's turn (see `turn`), in this order: Optuna's trial is made, its values
are drawn, its run is claimed, the run is noted in the trial. A worker that is killed between two of
these leaves a trial without a noted run; the next to have the turn draws the values that are
missing, looks for the run that the trial may have, and goes on from there. So no trial is lost, and
none has two runs. Who trains is decided by the lock of the attempt, whatever is noted here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from stride.store.record import Status
from stride.store.run import Run
from stride.sweep.claiming import claim_run, find_run
from stride.sweep.definition import Definition
from stride.sweep.drawing import begin_trial, draw
from stride.sweep.folder import SweepFolder
from stride.sweep.journal import open_study, turn
from stride.sweep.samplers import build_sampler
from stride.sweep.space import Point
from stride.sweep.standing import RETRY_OF, RUN, RUN_ID, WORKER, Look, Standing, look_at
from stride.sweep.telling import Ended, fail, tell
from stride.sweep.worker import this_worker

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial, Trial

PATIENCE = 120.0
"""Seconds for which a run that waits for the worker of another machine is left to it."""

DEATHS = 3
"""Killed so often while its worker lived on, a training is what kills itself."""


@dataclass(frozen=True)
class Taken:
    """A trial that this process has taken, to have its run trained.

    Attributes:
        again: whether the run was begun before, and goes on.
    """

    number: int
    run: Run
    point: Point
    again: bool = False


@dataclass
class Others:
    """Trials that are not done and not to be had, by number, with the reason where there is one."""

    busy: list[int] = field(default_factory=list)
    stopped: list[int] = field(default_factory=list)
    unknown: dict[int, str] = field(default_factory=dict)


class Trials:
    """The trials of one sweep. Used by one thread.

    What a person stopped before this was made is gone on with; what is stopped later is left.

    Args:
        total: how many there are to be in all; None as it was defined, or last asked for.
        takeover: a training of which nothing is known counts as killed.
        told: is told each trial that ends.

    Attributes:
        others: why the last `take` gave nothing.
        failures: trials that this object has told as failed.

    Raises:
        UsageError: Optuna is not installed.
        StoredFileError, StorageError: the journal cannot be read, or written.
    """

    def __init__(
        self,
        folder: SweepFolder,
        definition: Definition,
        *,
        total: int | None = None,
        takeover: bool = False,
        told: Callable[[Ended], None] = lambda ended: None,
    ) -> None:
        self.folder = folder
        self.definition = definition
        self.others = Others()
        self.failures = 0
        self._takeover = takeover
        self._told = told
        self._seen: dict[tuple[int, int], float] = {}
        with turn(folder):
            self.study = open_study(folder, definition)
            if total is not None and total != self.total:
                self.study.set_user_attr("trials", total)
            looks = [(trial.number, self._look(trial)) for trial in self._unfinished()]
        self._resumable = {
            number: look.attempts for number, look in looks if look.standing is Standing.STOPPED
        }

    @property
    def total(self) -> int:
        """How many trials there are to be."""
        return int(self.study.user_attrs.get("trials", self.definition.trials))

    def retry_failed(self) -> int:
        """Have the failed trials tried once more, on the runs that they have; how many that are."""
        from optuna.trial import TrialState

        with turn(self.folder):
            trials = self.study.get_trials(deepcopy=False)
            retried = {trial.user_attrs.get(RETRY_OF) for trial in trials}
            failed = [
                trial
                for trial in trials
                if trial.state is TrialState.FAIL
                and trial.number not in retried
                and RUN in trial.user_attrs
                and self._look(trial).standing in (Standing.ENDED, Standing.FREE)
            ]
            for trial in failed:
                kept = {key: trial.user_attrs[key] for key in (RUN, RUN_ID)}
                self.study.enqueue_trial(trial.params, {**kept, RETRY_OF: trial.number})
        return len(failed)

    def take(self, mine: Collection[int], *, more: bool = True) -> Taken | None:
        """Take a trial that nobody has: one that was killed, or the next. `others` says afterwards
        why there is none. Trials that have ended are told on the way.

        Args:
            mine: trials that this process has.
            more: whether trials may be begun that nobody has begun.
        """
        from optuna.trial import TrialState

        with turn(self.folder):
            self.others = Others()
            for trial in self._unfinished():
                look = self._look(trial)
                if trial.number not in mine and self._may_have(trial, look):
                    return self._have(trial, look)
            trials = self.study.get_trials(deepcopy=False)
            waiting = any(trial.state is TrialState.WAITING for trial in trials)
            begun = sum(RETRY_OF not in trial.user_attrs for trial in trials)
            if not more or not (waiting or begun < self.total):
                return None
            place = None if waiting else begun
            new = begin_trial(self.study, self.definition, len(trials), place)
            frozen = self.study.get_trials(deepcopy=False)[new.number]
            return self._have(frozen, self._look(frozen), new)

    def leave(self, taken: Taken) -> None:
        """A person stopped this trial: it is not gone on with by this process."""
        self._resumable.pop(taken.number, None)

    def settle(self, taken: Taken, *, failure: str | None = None, killed: bool = False) -> None:
        """Tell the study what became of a trial whose training has ended; nothing where its run
        goes on later.

        Args:
            failure: why it ended without having begun, as far as it said so.
            killed: whether it has ended, not being asked to, and this process not: where its run
                is neither completed nor failed, it was killed, or ended itself without a word.
        """
        with turn(self.folder):
            trial = self.study.get_trials(deepcopy=False)[taken.number]
            if trial.state.is_finished():
                return
            look = self._look(trial)
            free, worker = look.standing is Standing.FREE, look.worker
            if look.standing in (Standing.ENDED, Standing.GONE):
                self._tell(trial, look)
            elif free and failure is not None and worker and worker.attempts == look.attempts:
                self._say(fail(self.study, trial, failure))
            elif free and killed:
                self._count_death(trial, look)

    def _count_death(self, trial: FrozenTrial, look: Look) -> None:
        deaths = 1 + (look.worker.deaths if look.worker else 0)
        if deaths >= DEATHS:
            reason = "" if look.run is None else f": {look.run.status(look.record).reason}"
            self._say(fail(self.study, trial, f"its training broke off {deaths} times{reason}"))
        else:
            self._mark(self._handle(trial), look, deaths)

    def _unfinished(self) -> list[FrozenTrial]:
        from optuna.trial import TrialState

        return self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))

    def _look(self, trial: FrozenTrial) -> Look:
        look = look_at(self.folder.work_dir, trial.user_attrs, takeover=self._takeover)
        running = look.record is not None and look.record.status is Status.RUNNING
        if look.standing is Standing.UNKNOWN and look.record is not None and not running:
            seen = self._seen.setdefault((trial.number, look.attempts), time.monotonic())
            if time.monotonic() - seen > PATIENCE:  # the lock of the attempt decides
                return Look(Standing.FREE, look.run, look.record, look.worker)
        return look

    def _may_have(self, trial: FrozenTrial, look: Look) -> bool:
        """Whether a trial can be taken; one that has ended is told."""
        if look.standing in (Standing.ENDED, Standing.GONE):
            self._tell(trial, look)
        elif look.standing is Standing.BUSY:
            self.others.busy.append(trial.number)
        elif look.standing is Standing.UNKNOWN:
            self.others.unknown[trial.number] = look.reason
        elif look.standing is Standing.STOPPED:
            if self._resumable.get(trial.number) == look.attempts:
                return True
            self.others.stopped.append(trial.number)
        else:
            return True
        return False

    def _have(self, frozen: FrozenTrial, look: Look, trial: Trial | None = None) -> Taken:
        """Claim the run of a trial if it has none, and mark it as ours."""
        handle = trial or self._handle(frozen)
        point = draw(handle, self.definition.space)
        run = look.run
        if run is None:
            work_dir, known = self.folder.work_dir, None
            if trial is None:
                known = find_run(work_dir, self.definition, frozen.number)
            run = known or claim_run(work_dir, self.definition, frozen.number, point)
            handle.set_user_attr(RUN, run.name)
            handle.set_user_attr(RUN_ID, run.read_record().id)
            look = look_at(self.folder.work_dir, {RUN: run.name, RUN_ID: run.read_record().id})
        deaths = 0 if look.worker is None else look.worker.deaths
        self._mark(handle, look, deaths)
        return Taken(frozen.number, run, point, again=look.attempts > 0)

    def _mark(self, trial: Trial, look: Look, deaths: int) -> None:
        trial.set_user_attr(WORKER, msgspec.to_builtins(this_worker(look.attempts, deaths)))

    def _handle(self, trial: FrozenTrial) -> Trial:
        """Optuna's handle of a trial that another worker has begun, with the sampler that is its
        own: what is still to be drawn is what would have been.
        """
        import optuna

        self.study.sampler = build_sampler(self.definition, trial.number)
        return optuna.trial.Trial(self.study, trial._trial_id)

    def _tell(self, trial: FrozenTrial, look: Look) -> None:
        self._say(tell(self.folder, self.definition, self.study, trial, look))

    def _say(self, ended: Ended) -> None:
        self.failures += ended.state == "FAIL"
        self._told(ended)
