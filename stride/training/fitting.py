"""Fitting a run: everything is checked and built first, then the run appears, and is trained."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from stride.config.schema import Config
from stride.errors import RankFailedError, StoppedError
from stride.store.attempt import Attempt
from stride.store.provenance.take import Taking
from stride.store.record import CodeRecord
from stride.store.run import Run
from stride.store.same_config import BORROWED
from stride.training.assembly import build_parts
from stride.training.beginning import NEW, Beginning
from stride.training.callbacks import Callback, Callbacks
from stride.training.compiling import compile_modules
from stride.training.data import Data, load_data
from stride.training.determinism import deterministic
from stride.training.device import choose_device, describe_device, thread_count
from stride.training.given import Given
from stride.training.going_on import check_continues, compare, place
from stride.training.initial_weights import put_initial_weights
from stride.training.known_ledger import KnownLedger
from stride.training.ledger import Ledger, RunLedger
from stride.training.logs import kept_logs
from stride.training.loop import fit
from stride.training.moments import FitEnded
from stride.training.one_training import one_training_at_a_time
from stride.training.ranks.ranks import ONE, Ranks
from stride.training.restored import (
    changed_ranks,
    find_on_all,
    restored_of_source,
)
from stride.training.seeding import derive, own_randomness, seed_globally
from stride.training.sharding.sharding import open_sharding
from stride.training.smoke import check_by_smoke, smoke_sentence
from stride.training.stopping import stopping_at_step_edges
from stride.training.task import Task, modules_of
from stride.training.things import build_callbacks, code_of
from stride.training.unchanged import sample_counts
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
    ranks: Ranks = ONE,
    watching: Sequence[Callback] = (),
) -> Fitted:
    """Train the run that `claim` gives, with this config.

    Device, data and every part are built before the run is claimed, so that what a person got wrong
    leaves none behind. Global generators and the number of threads are afterwards as they were.

    Args:
        taking: the provenance on its way, begun as early as could be.
        data: what was loaded for this config already.
        beginning: where it begins: fresh, gone on with, or from another run.
        smoke: try one step, one evaluation, one save and one load first.
        ranks: that train together; each calls this with the same config. The first claims the run,
            writes, and shows; `claim` is called there only.
        watching: callbacks beside those of the config; told on the first rank.

    Raises:
        UsageError: config, data or device do not do; there is no run, or a resumed one is as it
            was.
        RunStateError: another thread of this process trains already.
        NonFiniteError, KeyboardInterrupt, StoppedError, Exception: the training ended; the run says
            so.
    """
    device = choose_device(config.device, local_rank=ranks.local_rank)
    with (
        one_training_at_a_time(),
        thread_count(config.fit_kwargs.threads) as threads,
        deterministic(config.fit_kwargs.deterministic),
        own_randomness(config.seed),
    ):
        data = data or load_data(config, given, device, ranks)
        code = code_of(config)
        notes = compare(beginning, data, code, device)
        sharding = open_sharding(config.distributed_kwargs, ranks, device)
        restored = restored_of_source(beginning, config, sharding)
        watchers = [*build_callbacks(config), *watching] if ranks.is_first else []
        said: list[str] = []
        if smoke:
            said.append(smoke_sentence(check_by_smoke(config, data, given, device)))
        begun = 0 if restored is None else restored.begun
        parts, settled = build_parts(
            config,
            data,
            given,
            device,
            begun=begun,
            ranks=ranks,
            sharding=sharding,
            fill=lambda model, task: said.extend(put_initial_weights(beginning, model, task)),
        )
        check_continues(beginning, parts, restored)
        if sharding is not None:
            said.append(sharding.sentence)
        run = _claim(claim, code, ranks)
        resumed = beginning.relation == "resumed"
        with contextlib.ExitStack() as afterwards:
            attempt = None
            if ranks.is_first:
                attempt = afterwards.enter_context(
                    run.start(
                        launcher=launcher,
                        world_size=ranks.world_size,
                        nodes=ranks.nodes,
                        takeover=takeover,
                        first=not resumed,
                        overrides=beginning.overrides,
                        settings=beginning.settings,
                    )
                )
                ranks.before_ending(_failing(attempt))
            afterwards.enter_context(_named(ranks))
            for batches in data.batches.values():
                afterwards.callback(batches.rest)
            if config.fit_kwargs.compile:
                afterwards.callback(compile_modules(parts.model, parts.task))
            note = None if attempt is None else attempt.note
            asked_of = run if ranks.is_first else None
            stop = afterwards.enter_context(stopping_at_step_edges(asked_of, note=note))
            level = config.log_kwargs.level
            afterwards.enter_context(kept_logs(run, view, level=level, rank=ranks.rank))
            _logger.info(
                "%s on %s, %d threads%s",
                run.address,
                describe_device(device),
                threads,
                _among(ranks),
            )
            for sentence in said:
                _logger.info("%s", sentence)
            if resumed:
                restored = find_on_all(run, attempt, ranks, sharding)
            for each in notes:
                _logger.warning("%s", each)
            if restored is not None:
                notes = (*notes, *restored.found.skipped, *changed_ranks(restored, ranks))
                _logger.info("goes on from %s", place(restored, parts))
            ledger: Ledger = KnownLedger(parts)
            if attempt is not None:
                name = None if restored is None else restored.found.path.name
                attempt.found(checkpoint=name, notes=(*beginning.notes, *notes))
                if beginning.relation in ("continued", "weights"):
                    origin = beginning.weights if beginning.run is None else beginning.run.address
                    settled[BORROWED] = str(origin)
                _record(attempt, settled, data, device, threads)
                attempt.code(code)
                attempt.write()
                _keep_provenance(attempt, taking)
                ledger = RunLedger(run, attempt, parts)
            own = (ranks.rank,) if ranks.rank else ()
            seed_globally(derive(config.seed, "training", *own))
            callbacks = Callbacks([view, *watchers])
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
            if attempt is not None:
                attempt.complete(reason)
    for module in modules_of(parts.model, parts.task):
        module.eval()
    return Fitted(run, parts.model, parts.task, device, data, results)


def _claim(claim: Claim, code: tuple[CodeRecord, ...], ranks: Ranks) -> Run:
    """The run that the first rank claims, on every rank."""
    if ranks.world_size == 1:
        return claim(code)
    run = claim(code) if ranks.is_first else None
    path = ranks.broadcast(None if run is None else str(run.path.absolute()))
    return Run(path) if run is None else run


def _failing(attempt: Attempt) -> Callable[[str], None]:
    """Ends the attempt where another rank failed and this process is ended for it."""

    def fail(sentence: str) -> None:
        attempt.fail(RankFailedError(sentence))

    return fail


@contextlib.contextmanager
def _named(ranks: Ranks) -> Iterator[None]:
    """Where one rank failed, the others see errors of the network: it is named instead."""
    try:
        yield
    except BaseException as error:
        cause = ranks.cause(error)
        if cause is error:
            raise
        raise cause from error


def _among(ranks: Ranks) -> str:
    if ranks.world_size == 1:
        return ""
    nodes = f" on {ranks.nodes} machines" if ranks.nodes > 1 else ""
    return f", rank {ranks.rank} of {ranks.world_size}{nodes}"


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
