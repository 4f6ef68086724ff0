"""Joining: how a training called from the command line becomes one of several ranks."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn

import typer

from stride.cli import answer
from stride.cli.group import NOT_VERIFIED, RUN_FAILED, WRONG_USAGE
from stride.cli.plan import Plan
from stride.errors import (
    ConfigError,
    StoredFileError,
    StrideError,
    UsageError,
    VerificationError,
)
from stride.store.run import Run
from stride.training.ranks.environment import RankPlace

if TYPE_CHECKING:
    import torch

    from stride.training.ranks.ranks import Ranks
    from stride.training.ranks.rendezvous import Rendezvous


class _KnownToAllError(Exception):
    """All ranks know why they end, and end by it."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def is_first(place: RankPlace | None) -> bool:
    """Whether this process is the one that answers."""
    return place is None or place.rank == 0


@contextlib.contextmanager
def meeting(place: RankPlace | None) -> Iterator[Rendezvous | None]:
    """Be with the other ranks inside, before anything is read: so each hears what ends another.

    Yields:
        Those that met; None where this process trains alone.

    Raises:
        RankFailedError: they do not meet, or another one failed.
    """
    if place is not None and place.rank == 0:
        ranks = "1 rank" if place.world_size == 1 else f"{place.world_size} ranks"
        nodes = "1 node" if place.nodes == 1 else f"{place.nodes} nodes"
        answer.note(f"{ranks} on {nodes}, started by {place.launcher}")
    if place is None or place.world_size == 1:
        yield None
        return
    from stride.training.ranks.rendezvous import meet  # deferred, as it imports torch

    known: Exception | None = None
    with meet(place) as met:
        try:
            yield met
        except _KnownToAllError as error:
            known = error.error
    if known is not None:
        raise known


def plan_together(met: Rendezvous | None, plan: Callable[[], Plan | Run]) -> Plan | Run:
    """Plan on each rank by itself, and go on only if all have planned the same: nothing is claimed
    until then, so that no rank sees what another has made.

    Raises:
        StrideError: this rank cannot, or on the first rank, another one cannot.
        ConfigError: on the first rank: they would not train the same.
        Exit: on another rank: it ends, and the first says why.
    """
    if met is None:
        return plan()
    planned, failure = None, None
    try:
        planned = plan()
        if isinstance(planned, Plan):
            _device(met, planned)
    except StrideError as error:
        failure = error
    said = None if failure is None else [_code_of(failure), str(failure)]
    told = met.gather([said, socket.gethostname(), _digest(planned)])
    failed = [rank for rank, (what, *_) in enumerate(told) if what is not None]
    if failed:
        (code, sentence), host, _ = told[failed[0]]
        _end_all(met, failure or _error(code, f"rank {failed[0]} on {host}: {sentence}"), code)
    others = [rank for rank, (*_, digest) in enumerate(told) if digest != told[0][2]]
    if others:
        different = ConfigError(
            f"rank {', '.join(map(str, others))} was started with another config than rank 0: start"
            " all with the same command, in the same folder, with the same files"
        )
        _end_all(met, different, WRONG_USAGE)
    assert planned is not None  # there is no failure
    return planned


@contextlib.contextmanager
def joined(met: Rendezvous | None, plan: Plan) -> Iterator[Ranks]:
    """Be one of the ranks that train inside; at its end they part.

    Raises:
        RankFailedError: another one failed.
    """
    # Deferred, as these import torch.
    from stride.training.ranks.ranks import ONE

    if met is None:
        yield ONE
        return
    from stride.training.ranks.process_group import begin_group

    with met.together():
        yield begin_group(met, _device(met, plan))


def _device(met: Rendezvous, plan: Plan) -> torch.device:
    from stride.training.device import choose_device  # deferred, as above

    return choose_device(plan.config.device, local_rank=met.place.local_rank)


def _end_all(met: Rendezvous, error: StrideError, code: int) -> NoReturn:
    """End every rank: the first with the error, the others without a word."""
    raise _KnownToAllError(typer.Exit(code) if met.place.rank else error)


def _code_of(error: StrideError) -> int:
    """The exit code that the error has."""
    if isinstance(error, StoredFileError | VerificationError):
        return NOT_VERIFIED
    return WRONG_USAGE if isinstance(error, UsageError) else RUN_FAILED


def _error(code: int, sentence: str) -> StrideError:
    """An error that has the exit code."""
    kinds: dict[int, type[StrideError]] = {WRONG_USAGE: UsageError, NOT_VERIFIED: StoredFileError}
    return kinds.get(code, StrideError)(sentence)


def _digest(planned: Plan | Run | None) -> str:
    """What is to be trained, in short."""
    if not isinstance(planned, Plan):
        return "" if planned is None else planned.name
    beginning = planned.beginning
    run = None if beginning.run is None else beginning.run.name
    told = (planned.config.to_json(), beginning.relation, run, dict(beginning.settings))
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
