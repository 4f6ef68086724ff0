"""A training called from the command line: progress beside the answer, its end in a sentence."""

from __future__ import annotations

import contextlib
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import typer

from stride.cli import answer
from stride.cli.already_run import Search, look_before
from stride.cli.ending import failure, numbers_text, stopped_text, summary_text
from stride.cli.group import INTERRUPTED, REQUEUE, RUN_FAILED, WRONG_USAGE
from stride.cli.joining import is_first, joined
from stride.cli.plan import Plan
from stride.cli.run_json import FIELDS as RUN_FIELDS
from stride.cli.run_json import run_fields
from stride.errors import (
    RankFailedError,
    RunBusyError,
    RunStateError,
    StoppedError,
    StrideError,
    UsageError,
)
from stride.store.provenance.take import start_taking
from stride.store.record import CodeRecord
from stride.store.row import read_row
from stride.store.run import Run
from stride.training.ranks.environment import RankPlace

if TYPE_CHECKING:
    from stride.training.ranks.rendezvous import Rendezvous

FIELDS = RUN_FIELDS | {"results": "the metrics of the evaluation that ended the training"}

Fields = Mapping[str, Any]
NONE: Final[Fields] = MappingProxyType({})


def train_and_answer(
    plan: Plan,
    *,
    launcher: str,
    place: RankPlace | None = None,
    met: Rendezvous | None = None,
    smoke: bool = False,
    json: bool,
    also: Fields = NONE,
    further: Callable[[Run], Fields] = lambda _: NONE,
) -> Run | None:
    """Train, and answer with the run and its final metrics; of several ranks the first answers.

    Args:
        place: of this process among several ranks.
        met: those ranks.
        also: more fields of the answer in JSON.
        further: gives more of them, when the run is trained.

    Returns:
        The run; None on another rank than the first.

    Raises:
        StrideError, KeyboardInterrupt: as `train`.
        Exit: this rank was stopped with the first, or ends with it, which has heard why; that one
            says so.
    """
    if not is_first(place):
        try:
            train(plan, launcher=launcher, place=place, met=met, smoke=smoke)
        except UsageError:
            raise typer.Exit(WRONG_USAGE) from None
        except RankFailedError:
            if met is None or met.watch.failure is None or not met.watch.failure.rank:
                raise  # the first rank may be gone
            raise typer.Exit(RUN_FAILED) from None
        except StoppedError:
            raise typer.Exit(REQUEUE) from None
        except StrideError:
            raise
        except Exception as error:  # noqa: BLE001  the first rank says that it failed, this one how
            traceback.print_exception(error)
            raise typer.Exit(RUN_FAILED) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        return None
    run, results = train(plan, launcher=launcher, place=place, met=met, smoke=smoke)
    if results is None:
        results = run.read_results()
        also = {**also, "already_run": True}
    # On one screen the log has said the final metrics just now; elsewhere they are the answer.
    seen = plan.config.log_kwargs.progress and sys.stdout.isatty() and sys.stderr.isatty()
    _answer(run, results, seen=seen, json=json, also={**also, **further(run)})
    return run


def answer_done(run: Run, *, json: bool, also: Fields = NONE) -> None:
    """Answer for a run that is completed already, as if it had just been."""
    answer.note(f"{run.address} is completed already")
    _answer(run, run.read_results(), seen=False, json=json, also=also)


def _answer(run: Run, results: Fields, *, seen: bool, json: bool, also: Fields) -> None:
    row = read_row(run)
    if json:
        answer.write_json({**run_fields(row), "results": results, **also})
        return
    answer.write(f"{run.address}  {summary_text(row) if seen else numbers_text(results)}".rstrip())


def train(
    plan: Plan,
    *,
    launcher: str,
    place: RankPlace | None = None,
    met: Rendezvous | None = None,
    smoke: bool = False,
) -> tuple[Run, Fields | None]:
    """Train; what the training code prints does not mix with the answer.

    Args:
        launcher: the command, for the record of the attempt.
        place: of this process among several ranks; only the first shows what happens.
        met: those ranks.
        smoke: try one batch and one checkpoint first.

    Returns:
        The run and its final metrics; or None in place of these: it was trained before, and is
        taken as it is.

    Raises:
        StoppedError: a scheduler stopped it; the sentence says how to go on.
        StrideError: the run failed; the sentence says how to see its log.
        KeyboardInterrupt: a person stopped it; with the same sentence.
    """
    search = Search(plan.looking) if plan.looking is not None and is_first(place) else None
    taking = start_taking(experiment=plan.experiment)
    # Deferred: these import torch, which takes longer than all before, and runs beside `taking`.
    from stride.sweep.pruning import watchers_of
    from stride.training.fitting import fit_run
    from stride.training.given import Given
    from stride.training.progress import choose_view
    from stride.training.ranks.launcher_line import find_line
    from stride.training.rehearsal import Rehearsal

    claimed: list[Run] = []
    line = find_line()

    def claim(code: tuple[CodeRecord, ...]) -> Run:
        claimed.append(plan.claim(code))
        if line is not None:
            line.tell_run(claimed[0].address)
        return claimed[0]

    progress = plan.config.log_kwargs.progress and is_first(place)
    view = choose_view(sys.stderr, progress=progress)
    if line is not None and line.rehearsal:
        view = Rehearsal(view)
    try:
        with contextlib.redirect_stdout(sys.stderr), joined(met, plan) as ranks:
            data = None
            if plan.looking is not None:
                data, taken = look_before(search, plan.looking, plan.config, ranks)
                if taken is not None:
                    return taken, None
            fitted = fit_run(
                plan.config,
                claim,
                given=Given(),
                view=view,
                taking=taking,
                data=data,
                launcher=launcher if place is None else f"{launcher} by {place.launcher}",
                takeover=plan.takeover,
                beginning=plan.beginning,
                smoke=smoke,
                ranks=ranks,
                watching=watchers_of(plan.beginning.run) if is_first(place) else (),
            )
    except (RunBusyError, RunStateError):
        raise
    except StoppedError as error:
        _hold_off_signals()
        if not claimed:
            raise
        raise StoppedError(stopped_text(claimed[0], str(error))) from None
    except (Exception, SystemExit) as error:
        if not claimed:
            raise
        raise failure(claimed[0], error) from error
    except KeyboardInterrupt as error:
        _hold_off_signals()
        if not claimed:
            raise
        raise KeyboardInterrupt(stopped_text(claimed[0], str(error))) from None
    return fitted.run, fitted.results


def _hold_off_signals() -> None:
    """It is stopped, and what is left takes no time: the next signal must not spoil its answer."""
    for number in signal.Signals:
        if number.name in ("SIGINT", "SIGTERM"):
            signal.signal(number, signal.SIG_IGN)
