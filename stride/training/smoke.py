"""A smoke test: one training step, one validation batch, a checkpoint saved and loaded; no run."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch

from stride.config.schema import Config
from stride.errors import ConfigError, StorageError, StrideError
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.assembly import build_parts
from stride.training.batches.protocol import Batches
from stride.training.callbacks import Callbacks
from stride.training.checkpoints.checkpoints import Checkpoints
from stride.training.checkpoints.reading import read_newest
from stride.training.compiling import compile_modules
from stride.training.data import Data, load_data
from stride.training.determinism import deterministic
from stride.training.device import choose_device, thread_count
from stride.training.due import Due
from stride.training.evaluation import evaluate
from stride.training.fit_state import FitState
from stride.training.given import Given
from stride.training.ledger import RunLedger
from stride.training.parts import Parts
from stride.training.saver import Saver
from stride.training.seeding import derive, own_randomness, seed_globally
from stride.training.steps import Steps
from stride.training.stopping import Stop
from stride.training.task import modules_of


@dataclass(frozen=True)
class Smoke:
    """What was tried, and what it took.

    Attributes:
        step_seconds: of the first step, which is slower than those that follow.
        evaluation_seconds: of one validation batch; None where there is no val split.
        checkpoint_seconds: to write, verify and load a checkpoint.
        checkpoint_bytes: of its files, without best weights.
        loss: of the step.
    """

    step_seconds: float
    evaluation_seconds: float | None
    checkpoint_seconds: float
    checkpoint_bytes: int
    loss: float


def smoke_test(config: Config, given: Given) -> Smoke:
    """Try what a training with this config would do; there is no run, and none is made.

    Raises:
        StrideError: it would fail, and why.
    """
    device = choose_device(config.device)
    with (
        thread_count(config.fit_kwargs.threads),
        deterministic(config.fit_kwargs.deterministic),
        own_randomness(config.seed),
    ):
        data = load_data(config, given, device)
        return check_by_smoke(config, data, given, device)


def check_by_smoke(config: Config, data: Data, given: Given, device: torch.device) -> Smoke:
    """Build the parts, train one step, evaluate one batch, save a checkpoint in a temporary folder
    and load it.

    The caller builds the parts anew: these are of no use afterwards.

    Raises:
        ConfigError: code of the user's own fails; the sentence says where.
        StrideError: any other reason for which the training would fail.
    """
    train = data.batches["train"]
    position = train.state_dict()
    try:
        with contextlib.ExitStack() as afterwards, _one_run(config) as run:
            with _naming("the parts cannot be built"):
                parts, _ = build_parts(config, data, given, device)
            if config.fit_kwargs.compile:
                afterwards.callback(compile_modules(parts.model, parts.task))
            seed_globally(derive(config.seed, "training"))
            smoke = _try(_shortened(parts), run)
    finally:
        for batches in data.batches.values():
            batches.rest()
        train.load_state_dict(position)
    return smoke


def smoke_sentence(smoke: Smoke) -> str:
    """What was tried, in one line."""
    evaluation = "no validation batch"
    if smoke.evaluation_seconds is not None:
        evaluation = f"a validation batch in {smoke.evaluation_seconds:.2f} s"
    return (
        f"smoke test: a step in {smoke.step_seconds:.2f} s with loss {smoke.loss:.4f},"
        f" {evaluation}, a checkpoint of {smoke.checkpoint_bytes / 1e6:.1f} MB saved and loaded in"
        f" {smoke.checkpoint_seconds:.2f} s"
    )


@contextlib.contextmanager
def _one_run(config: Config) -> Iterator[Run]:
    """A run in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="stride-smoke-") as folder:
        yield WorkDir(folder).create(config.to_json())


def _shortened(parts: Parts) -> Parts:
    """The same parts for one step; a checkpoint is written at once, so that what fails is known."""
    fit = parts.fit_kwargs.model_copy(update={"max_steps": 1, "evaluate_every": None})
    checkpoint = parts.checkpoint_kwargs.model_copy(update={"background": False})
    return dataclasses.replace(parts, fit_kwargs=fit, checkpoint_kwargs=checkpoint)


class _NoKeeper:
    """Writes no checkpoint while the step is tried: that is tried by itself."""

    def save(self) -> None:
        """Nothing."""

    def prepare(self) -> None:
        """Nothing."""


def _try(parts: Parts, run: Run) -> Smoke:
    stop, callbacks = Stop(), Callbacks([])
    due = Due(parts.checkpoint_kwargs, stop)
    with run.start() as attempt:
        ledger = RunLedger(run, attempt, parts)
        steps = Steps(parts, ledger, callbacks, stop, due)
        state = FitState(parts, steps, ledger)
        checkpoints = Checkpoints(run, parts.checkpoint_kwargs)
        saver = Saver(ledger, checkpoints, state, due, callbacks)
        for module in modules_of(parts.model, parts.task):
            module.train()
        try:
            began = time.perf_counter()
            with _naming("the first training step fails"):
                steps.train(_NoKeeper())
                loss = steps.means()["train_loss"]
            trained = time.perf_counter()
            with _naming("the evaluation fails"):
                _evaluate(parts)
            evaluated = time.perf_counter()
            with _naming("no checkpoint can be written"):
                saver.save()
                found = read_newest(run)
                if found is None:
                    raise StorageError(checkpoints.failure or "the checkpoint cannot be read back")
                state.put_back(found.state)
            saved = time.perf_counter()
        finally:
            steps.release()
    return Smoke(
        step_seconds=trained - began,
        evaluation_seconds=None if parts.val is None else evaluated - trained,
        checkpoint_seconds=saved - evaluated,
        checkpoint_bytes=sum(path.stat().st_size for path in found.path.iterdir()),
        loss=loss,
    )


def _evaluate(parts: Parts) -> None:
    """One batch of val, with the weights that are evaluated."""
    if parts.val is None:
        return
    average = contextlib.nullcontext() if parts.average is None else parts.average.in_place()
    with average:
        evaluate(
            parts.task,
            parts.model,
            _First(parts.val),
            parts.device,
            precision=parts.precision,
            factors=parts.fit_kwargs.balancing.weights,
        )


@contextlib.contextmanager
def _naming(what: str) -> Iterator[None]:
    """Say what failed, and at which line, where an error is none of stride's own sentences.

    Raises:
        ConfigError: in its place.
    """
    try:
        yield
    except (StrideError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
        raise ConfigError(f"{what}: {type(error).__name__}: {error}{place}") from error


class _First(Batches):
    """The first batch of each epoch of others."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    @property
    def samples(self) -> int:
        return self._batches.samples

    @property
    def batch_size(self) -> int:
        return self._batches.batch_size

    @property
    def resuming(self) -> str:
        return self._batches.resuming

    def __len__(self) -> int:
        return min(len(self._batches), 1)

    def __iter__(self) -> Iterator[Any]:
        return self.epoch(1)

    def epoch(self, epoch: int) -> Iterator[Any]:
        return islice(self._batches.epoch(epoch), 1)

    def windows(self, epoch: int, *, start: int = 0, parts: int = 1) -> Iterator[tuple[Any, ...]]:
        return islice(self._batches.windows(epoch, parts=parts), start, 1)

    def indices(self, epoch: int, window: int) -> list[int] | None:
        return self._batches.indices(epoch, window)

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        return

    def rest(self) -> None:
        self._batches.rest()
