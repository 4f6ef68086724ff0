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
from stride.errors import ConfigError, RunStateError, StoppedError
from stride.store.attempt import Attempt
from stride.store.provenance.take import Taking
from stride.store.record import CodeRecord
from stride.store.run import Run
from stride.training.assembly import build_parts
from stride.training.beginning import NEW, Beginning
from stride.training.callbacks import Callbacks
from stride.training.compiling import compile_modules
from stride.training.data import Data, load_data
from stride.training.determinism import deterministic
from stride.training.device import choose_device, describe_device, thread_count
from stride.training.given import Given
from stride.training.initial_weights import put_initial_weights
from stride.training.ledger import RunLedger
from stride.training.logs import kept_logs
from stride.training.loop import fit
from stride.training.moments import FitEnded
from stride.training.parts import Parts
from stride.training.ranks.ranks import ONE
from stride.training.restored import (
    BORROWED,
    Restored,
    check_fits,
    find_restored,
    restored_of_source,
)
from stride.training.seeding import derive, own_randomness, seed_globally
from stride.training.smoke import check_by_smoke, smoke_sentence
from stride.training.stopping import stopping_at_step_edges
from stride.training.task import Task, modules_of
from stride.training.things import build_callbacks, code_of
from stride.training.unchanged import check_same_data, sample_counts, what_changed
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
    beginning: Beginning = NEW,
    smoke: bool = False,
) -> Fitted:
    """Train the run that `claim` gives, with this config.

    Device, data and every part are built before the run is claimed, so that what a person got wrong
    leaves none behind. Global generators and the number of threads are afterwards as they were.

    Args:
        taking: the provenance on its way, begun as early as could be.
        data: what was loaded for this config already.
        beginning: where it begins: fresh, gone on with, or from another run.
        smoke: try one step, one evaluation, one save and one load first.

    Raises:
        UsageError: config, data or device do not do; there is no run, or a resumed one is as it
            was.
        RunStateError: another thread of this process trains already.
        NonFiniteError, KeyboardInterrupt, StoppedError, Exception: the training ended; the run says
            so.
    """
    device = choose_device(config.device)
    with (
        _one_thread_at_a_time(),
        thread_count(config.fit_kwargs.threads) as threads,
        deterministic(config.fit_kwargs.deterministic),
        own_randomness(config.seed),
    ):
        data = data or load_data(config, given, device)
        code = code_of(config)
        notes = _compare(beginning, data, code, device)
        restored = restored_of_source(beginning, config)
        watchers = build_callbacks(config)
        said: list[str] = []
        if smoke:
            said.append(smoke_sentence(check_by_smoke(config, data, given, device)))
        begun = 0 if restored is None else restored.begun
        parts, settled = build_parts(config, data, given, device, begun=begun)
        _check_continues(beginning, parts, restored)
        if matched := put_initial_weights(beginning, parts.model, parts.task):
            said.append(matched)
        run = claim(code)
        resumed = beginning.relation == "resumed"
        with (
            run.start(
                launcher=launcher,
                takeover=takeover,
                first=not resumed,
                overrides=beginning.overrides,
                settings=beginning.settings,
            ) as attempt,
            contextlib.ExitStack() as afterwards,
        ):
            for batches in data.batches.values():
                afterwards.callback(batches.rest)
            if config.fit_kwargs.compile:
                afterwards.callback(compile_modules(parts.model, parts.task))
            stop = afterwards.enter_context(stopping_at_step_edges(run, note=attempt.note))
            afterwards.enter_context(kept_logs(run, view, level=config.log_kwargs.level))
            _logger.info("%s on %s, %d threads", run.address, describe_device(device), threads)
            for sentence in said:
                _logger.info("%s", sentence)
            if resumed:
                restored = find_restored(run, attempt)
            for note in notes:
                _logger.warning("%s", note)
            if restored is not None:
                notes = (*notes, *restored.found.skipped)
                _logger.info("goes on from %s", _place(restored, parts))
            name = None if restored is None else restored.found.path.name
            attempt.found(checkpoint=name, notes=(*beginning.notes, *notes))
            if beginning.relation in ("continued", "weights"):
                settled[BORROWED] = str(
                    beginning.weights if beginning.run is None else beginning.run.address
                )
            _record(attempt, settled, data, device, threads)
            attempt.code(code)
            attempt.write()
            _keep_provenance(attempt, taking)
            seed_globally(derive(config.seed, "training"))
            callbacks = Callbacks([view, *watchers])
            ledger = RunLedger(run, attempt, parts.model, parts.task, config.fit_kwargs, ONE)
            with _ended(callbacks, view):
                results, reason = fit(
                    parts,
                    run,
                    ledger,
                    callbacks,
                    stop,
                    restored,
                    save_first=beginning.relation in ("continued", "weights"),
                )
                callbacks.tell(FitEnded("completed", reason, results))
            attempt.complete(reason)
    for module in modules_of(parts.model, parts.task):
        module.eval()
    return Fitted(run, parts.model, parts.task, device, data, results)


@contextlib.contextmanager
def _ended(callbacks: Callbacks, view: View) -> Iterator[None]:
    """Tell the watchers of an end that is none of the plan's."""
    try:
        yield
    except (KeyboardInterrupt, StoppedError) as error:
        callbacks.tell(FitEnded("stopped", str(error) or "interrupted"))
        raise
    except BaseException as error:
        callbacks.tell(FitEnded("failed", f"{type(error).__name__}: {error}"))
        raise
    finally:
        view.end()


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


def _compare(
    beginning: Beginning, data: Data, code: tuple[CodeRecord, ...], device: torch.device
) -> tuple[str, ...]:
    """For a run that goes on: what is not as it was, in words.

    Raises:
        DataError: the data is other data.
    """
    run = beginning.run
    if beginning.relation != "resumed" or run is None:
        return ()
    record = run.read_record()
    check_same_data(
        run,
        record,
        fingerprints=data.fingerprints,
        facts={**data.facts, **sample_counts(data.batches)},
        settings=beginning.settings,
    )
    return tuple(what_changed(record, code, describe_device(device)))


def _check_continues(beginning: Beginning, parts: Parts, restored: Restored | None) -> None:
    """A new run that goes on from another must have something to do, and the same model.

    Raises:
        ConfigError: it is no longer than that was, or its weights are others.
    """
    if restored is None or beginning.run is None:
        return
    check_fits(beginning.run, restored, parts)
    done, planned = restored.found.manifest.position.step, parts.planned_steps
    if planned is not None and done >= planned:
        raise ConfigError(
            f"{beginning.run.address} has done {done} steps, and the training would have {planned}:"
            " there is nothing left to do; set a greater fit_kwargs.max_epochs or"
            " fit_kwargs.max_steps"
        )


def _place(restored: Restored, parts: Parts) -> str:
    """Where it goes on; in the middle of an epoch, also how the data does."""
    name, position = restored.found.path.name, restored.found.manifest.position
    if not position.consumed or position.consumed == len(parts.train):
        return name
    where = f"in epoch {position.epoch} after batch {position.consumed}"
    return f"{name}, {where}; the data goes on {parts.train.resuming}"


def _record(
    attempt: Attempt,
    settled: dict[str, object],
    data: Data,
    device: torch.device,
    threads: int,
) -> None:
    """Write what data and machine decided to run.json."""
    counts = sample_counts(data.batches)
    attempt.found(
        {**settled, **counts, "fit_kwargs.threads": threads, "device": str(device)},
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
