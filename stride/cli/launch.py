"""Launching: a training in processes that this one starts, watches, and starts again."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from stride.cli import answer
from stride.cli.experiment import open_run
from stride.cli.group import REQUEUE
from stride.cli.parameters import whole_number
from stride.errors import StrideError, UsageError
from stride.store.record import Status
from stride.training.ranks.environment import LAUNCHED_BY, RankPlace

if TYPE_CHECKING:
    from stride.cli.launcher import Ending

_NOT_AGAIN = frozenset({0, 2, 3, 75, 130})
"""Exit codes after which the same would happen, or somebody wanted the end."""


@dataclass(frozen=True)
class Launch:
    """What is to be started.

    Attributes:
        count: ranks on this machine.
        restarts: how often the run is gone on with after a failure.
        rehearsal: a preemption is played first.
    """

    count: int = 1
    restarts: int = 0
    rehearsal: bool = False


def read_launch(
    nproc_per_node: str | None,
    max_restarts: str | None,
    place: RankPlace | None,
    *,
    rehearsal: bool = False,
) -> Launch | None:
    """What the options ask for; None where this process trains itself, being a rank perhaps.

    Args:
        place: of this process among the ranks that a launcher started.

    Raises:
        UsageError: a value does not do, or it was launched already.
    """
    options = {
        "--nproc-per-node": nproc_per_node is not None,
        "--max-restarts": max_restarts is not None,
        "--rehearse-preemption": rehearsal,
    }
    given = next((option for option, is_given in options.items() if is_given), None)
    if given is None:
        return None
    # Deferred, as all that launches: a training without ranks needs none of it.
    from stride.training.ranks.launcher_line import find_line

    if find_line() is not None:
        return None
    if place is not None:
        raise UsageError(
            f"{given} starts processes, and this is {place}, already: leave {given} out"
        )
    if sys.platform == "win32":
        raise UsageError(f"{given} is not available on Windows")
    return Launch(
        whole_number("--nproc-per-node", nproc_per_node or "1", minimum=1),
        whole_number("--max-restarts", max_restarts or "0"),
        rehearsal,
    )


def launch(chosen: Launch, again: Callable[[str], list[str]] | None = None) -> None:
    """Have this command done by ranks, which answer; and go on where they fail.

    Args:
        again: arguments of the command that goes on with the run of an address; None where the
            same command does.

    Raises:
        Exit: they have not ended well; with the exit code, and all is said.
    """
    arguments = sys.argv[1:]
    rehearsal, restarts = chosen.rehearsal, 0
    while True:
        ending = _run(chosen, arguments, rehearsal=rehearsal)
        if ending.run is not None and again is not None:
            arguments = again(ending.run)
        if rehearsal:
            _check_rehearsal(ending)
            rehearsal = False
            continue
        for line in ending.printed:
            answer.note(line)
        what = _said(ending, chosen)
        hopeless = ending.code in _NOT_AGAIN or ending.run is None or ending.signalled
        if hopeless or restarts == chosen.restarts:
            break
        restarts += 1
        answer.note(f"{what}; going on with it, restart {restarts} of {chosen.restarts}")
    if ending.failed is not None and not ending.told:
        further = "" if ending.run is None else f"; stride resume {ending.run} goes on"
        answer.note(f"error: {what}{further}")
    elif chosen.rehearsal and not ending.code:
        answer.note(f"rehearsal: {ending.run} went on, and is completed")
    if ending.code:
        raise typer.Exit(ending.code)


def _run(chosen: Launch, arguments: list[str], *, rehearsal: bool) -> Ending:
    from stride.cli.launcher import Launcher  # deferred, as above

    # As this process was called, whether as a script or a module, with the interpreter's options.
    before = len(sys.orig_argv) - len(sys.argv) + 1
    command = [sys.executable, *sys.orig_argv[1:before], *arguments]
    return Launcher(
        command,
        chosen.count,
        environment={**os.environ, LAUNCHED_BY: "stride"},
        rehearsal=rehearsal,
        note=answer.note,
    ).run()


def _said(ending: Ending, chosen: Launch) -> str:
    sentence = ending.sentence
    if chosen.count == 1:
        sentence = sentence.replace("rank 0", "the training", 1)
    return sentence if ending.run is None else f"{ending.run}: {sentence}"


def _check_rehearsal(ending: Ending) -> None:
    """Look whether the run was stopped as a scheduler's signal should stop it, and say so.

    Raises:
        StrideError: it was not.
        Exit: it failed, or somebody stopped it; all is said.
    """
    if ending.code != REQUEUE or ending.signalled:
        for line in ending.printed:
            answer.note(line)
        if not ending.code:
            raise StrideError("the rehearsal came to nothing: the training ended before its signal")
        raise typer.Exit(ending.code)
    if ending.run is None:
        raise StrideError("the rehearsal failed: it was stopped before there was a run")
    run = open_run(ending.run)
    record = run.read_record()
    saved = run.checkpoint_paths.committed()
    if record.status is not Status.STOPPED or not saved:
        missing = f"its status is {record.status}" if saved else "there is no checkpoint of it"
        raise StrideError(
            f"the rehearsal failed: {run.address} ended with exit code {REQUEUE}, and {missing}"
        )
    answer.note(
        f"rehearsal: SIGTERM stopped {run.address} after step {saved[0].order[0]}, with exit code"
        f" {REQUEUE} and checkpoint {saved[0].name}; going on with it"
    )
