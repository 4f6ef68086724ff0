"""The training of a sweep: the supervisor at work, what it says, and how it ends."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from typing import Any

import typer

from stride.cli import answer
from stride.cli.forked_trial import trial_processes
from stride.cli.group import INTERRUPTED, REQUEUE, RUN_FAILED
from stride.cli.sweep_page import draw_answer, point_text, summary_fields
from stride.cli.sweep_plan import SweepPlan
from stride.cli.terminal import standard_output
from stride.cli.trial_process import gpus, slot_variables
from stride.cli.value import metric_text
from stride.sweep.beginning import begin_sweep
from stride.sweep.marks import TRIAL, trial_mark
from stride.sweep.summary import Summary, read_summary
from stride.sweep.supervisor import Halt, Supervisor, Training
from stride.sweep.telling import Ended
from stride.sweep.trials import Taken, Trials


@dataclass(frozen=True)
class Work:
    """How the trials are trained by this process."""

    workers: int
    ranks: str | None
    wait: bool
    stop_on_failure: bool
    takeover: bool
    trust: bool


def train_trials(plan: SweepPlan, work: Work, *, retry: bool, json: bool) -> None:
    """Train what is missing, and answer with the best."""
    folder = plan.folder
    definition = begin_sweep(folder, plan.definition)
    trials = Trials(
        folder, definition, total=plan.total, takeover=work.takeover, told=_tell(definition.metric)
    )
    word = "going on with" if plan.known else "beginning"
    answer.note(f"{word} {folder.address}: {trials.total} trials by {definition.sampler}")
    if retry:
        answer.note(f"{_trials(trials.retry_failed())} that failed, tried again")
    ranks = int(work.ranks or "1")
    flags = [*([] if work.ranks is None else ["--nproc-per-node", work.ranks])]
    flags += [flag for flag, given in (("--takeover", work.takeover), ("--trust", work.trust))
              if given]  # fmt: skip

    threads = slot_variables(work.workers, 0, ranks, 0)
    os.environ.update(threads)  # they are read when torch is imported, which may be before the fork
    build = trial_processes(work.ranks)

    def start(taken: Taken, slot: int) -> Training:
        shared = slot_variables(work.workers, slot, ranks, gpus())
        marked = {TRIAL: trial_mark(definition.name, definition.id, taken.number)}
        return build(taken.run, flags, {**shared, **marked})

    supervisor = Supervisor(
        trials,
        start,
        slots=work.workers,
        wait=work.wait,
        stop_on_failure=work.stop_on_failure,
        begun=_say_begun,
    )
    halt = supervisor.run()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left takes no time
    summary = read_summary(folder, definition)
    fields = summary_fields(folder, summary)
    if json:
        answer.write_json(fields)
    else:
        for line in draw_answer(folder, summary, standard_output()):
            answer.write(line)
    _end(plan, trials, summary, halt)


def _end(plan: SweepPlan, trials: Trials, summary: Summary, halt: Halt) -> None:
    """Say what is left, and end with the exit code that says so."""
    others, again = trials.others, "the same command goes on"
    if halt.signal is not None:
        name = signal.Signals(halt.signal).name
        answer.note(f"stopped by {name}, {summary.left} of {summary.total} trials left; {again}")
        raise typer.Exit(INTERRUPTED if halt.signal == signal.SIGINT else REQUEUE)
    if halt.failed:
        answer.note(f"a trial has failed, and no more were begun; {again}")
        raise typer.Exit(RUN_FAILED)
    if others.busy:
        answer.note(f"{_trials(len(others.busy))} still in training elsewhere")
    if others.stopped:
        answer.note(f"{_trials(len(others.stopped))} stopped by hand; {again}")
    for number, reason in others.unknown.items():
        answer.note(f"trial {number} is left: {reason}; with --takeover it is gone on with")
    if summary.failed:
        answer.note(f"{_trials(summary.failed)} failed; --retry-failed tries again")
    if summary.failed or others.stopped or others.unknown:
        raise typer.Exit(RUN_FAILED)


def _trials(count: int) -> str:
    return "1 trial" if count == 1 else f"{count} trials"


def _say_begun(taken: Taken) -> None:
    word = "goes on" if taken.again else "begins"
    answer.note(f"trial {taken.number}  {taken.run.address}  {point_text(taken.point)}  {word}")


def _tell(metric: str) -> Any:
    def told(ended: Ended) -> None:
        what = f"{metric}={metric_text(ended.value)}" if ended.state == "COMPLETE" else (
            f"failed: {ended.reason}" if ended.state == "FAIL" else ended.reason
        )  # fmt: skip
        answer.note(f"trial {ended.number}  {what}")

    return told


def worker_command(plan: SweepPlan, work: Work) -> list[str]:
    """The command of a worker elsewhere: it joins the sweep as it was begun."""
    command = [sys.executable, "-m", "stride", "sweep", str(plan.folder.work_dir.path)]
    command += ["--name", plan.folder.name, "--no-wait"]
    command += [] if plan.total is None else ["--trials", str(plan.total)]
    command += [] if work.ranks is None else ["--nproc-per-node", work.ranks]
    flags = {
        "--stop-on-failure": work.stop_on_failure,
        "--takeover": work.takeover,
        "--trust": work.trust,
    }
    return [*command, *(flag for flag, given in flags.items() if given)]
