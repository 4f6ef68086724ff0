"""Fitting a run: everything is checked and built first, then the run appears, and is trained."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import nn

from stride.config.schema import Config
from stride.errors import RunStateError
from stride.store.attempt import Attempt
from stride.store.provenance.take import Taking
from stride.store.record import CodeRecord
from stride.store.run import Run
from stride.training.build import build_parts
from stride.training.data import Data, load_data
from stride.training.device import choose_device, describe_device, thread_count
from stride.training.given import Given
from stride.training.logs import kept_logs
from stride.training.loop import fit
from stride.training.seeding import derive, own_randomness, seed_globally
from stride.training.stopping import stopping_at_step_edges
from stride.training.task import Task, modules_of
from stride.training.things import code_of
from stride.training.view import View

_logger = logging.getLogger(__name__)

Claim = Callable[[tuple[CodeRecord, ...]], Run]
"""Gives the run that is trained: creates it, or opens one that was created before."""


@dataclass(frozen=True)
class Fitted:
    """A run that was trained, with the model in hand: it carries the best weights."""

    run: Run
    model: nn.Module
    task: Task
    device: torch.device
    data: Data
    results: dict[str, float]


def fit_run(
    config: Config,
    claim: Claim,
    *,
    given: Given,
    view: View,
    taking: Taking,
    data: Data | None = None,
    launcher: str = "python",
    takeover: bool = False,
) -> Fitted:
    """Train the run that `claim` gives, with this config.

    Device, data and every part are built before the run is claimed, so that what a person got wrong
    leaves none behind. Global generators and the number of threads are afterwards as they were.

    Args:
        taking: the provenance on its way, begun as early as could be.
        data: what was loaded for this config already.

    Raises:
        UsageError: config, data or device do not do; there is no run.
        RunStateError: another thread of this process trains already.
        NonFiniteError, KeyboardInterrupt, Exception: the training ended; the run says so.
    """
    device = choose_device(config.device)
    with (
        _one_thread_at_a_time(),
        thread_count(config.fit_kwargs.threads) as threads,
        own_randomness(config.seed),
    ):
        data = data or load_data(config, given, device)
        parts, settled = build_parts(config, data, given, device)
        code = code_of(config)
        run = claim(code)
        with (
            run.start(launcher=launcher, takeover=takeover, first=True) as attempt,
            contextlib.ExitStack() as afterwards,
        ):
            for batches in data.batches.values():
                afterwards.callback(batches.rest)
            stop = afterwards.enter_context(stopping_at_step_edges())
            afterwards.enter_context(kept_logs(run, view, level=config.log_kwargs.level))
            _logger.info("%s on %s, %d threads", run.address, describe_device(device), threads)
            _record(attempt, settled, data, device, threads)
            attempt.code(code)
            attempt.write()
            _keep_provenance(attempt, taking)
            seed_globally(derive(config.seed, "training"))
            results = fit(parts, run, attempt, view, stop)
    for module in modules_of(parts.model, parts.task):
        module.eval()
    return Fitted(run, parts.model, parts.task, device, data, results)


_training = threading.RLock()


@contextlib.contextmanager
def _one_thread_at_a_time() -> Iterator[None]:
    """Global generators, streams and handlers of signals are the process's: one thread has them.

    Raises:
        RunStateError: another thread has.
    """
    if not _training.acquire(blocking=False):
        raise RunStateError(
            "another thread of this process is training; fit after it has ended, or in a process of"
            " its own"
        )
    try:
        yield
    finally:
        _training.release()


def _record(
    attempt: Attempt,
    settled: dict[str, object],
    data: Data,
    device: torch.device,
    threads: int,
) -> None:
    """Write what data and machine decided to run.json."""
    attempt.found(
        {**settled, "fit_kwargs.threads": threads, "device": str(device)},
        device=describe_device(device),
        threads=threads,
    )
    attempt.fingerprint(data.fingerprints)


def _keep_provenance(attempt: Attempt, taking: Taking) -> None:
    """Write the provenance of the attempt; what went wrong with it is logged, and ends nothing."""
    run, number = attempt.run, attempt.number
    earlier = [run.attempt_provenance_path(before) for before in range(1, number)]
    with contextlib.suppress(OSError):
        for note in taking.finish(run.attempt_provenance_path(number), earlier=earlier):
            _logger.debug("provenance: %s", note)
