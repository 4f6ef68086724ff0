"""The steps: nothing waits for the device but a log step, and the flag of a device is obeyed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import TensorDataset

from stride.config.resolution import Layer, resolve
from stride.errors import NonFiniteError, OutOfMemoryError
from stride.store.attempt import Attempt
from stride.store.work_dir import WorkDir
from stride.training.assembly import build_parts
from stride.training.callbacks import Callbacks
from stride.training.catalog import BuiltinCatalog
from stride.training.data import load_data
from stride.training.due import Due
from stride.training.edge import Edge
from stride.training.given import Given
from stride.training.ledger import RunLedger
from stride.training.parts import Parts
from stride.training.steps import Steps
from stride.training.stopping import Stop

CPU = torch.device("cpu")
INPUTS = torch.randn(80, 4, generator=torch.Generator().manual_seed(0))
POISONED = INPUTS.clone()
POISONED[43] = math.nan  # in the sixth batch


@pytest.fixture
def attempt(tmp_path: Path) -> Iterator[Attempt]:
    with WorkDir(tmp_path / "exp").create({}).start() as attempt:
        yield attempt


def _parts(inputs: torch.Tensor = INPUTS, model: nn.Module | None = None, **fit: Any) -> Parts:
    """Ten steps an epoch."""
    every = fit.pop("every", 1000)
    data = TensorDataset(inputs, torch.zeros(80, dtype=torch.int64))
    given = Given(model=model or nn.Linear(4, 2), datasets={"train": data})
    tree = {
        **given.names(),
        "optimizer_kwargs": {"optimizer_name": "AdamW", "lr": 0.1},
        "load_data_kwargs": {"train_loader_kwargs": {"batch_size": 8, "shuffle": False}},
        "fit_kwargs": {"max_epochs": 10, **fit},
        "log_kwargs": {"every": every},
    }
    config = resolve([Layer("", tree)], BuiltinCatalog()).config
    return build_parts(config, load_data(config, given, CPU), given, CPU)[0]


def _steps(attempt: Attempt, parts: Parts, *, waits: bool | None = None) -> Steps:
    stop = Stop()
    due = Due(parts.checkpoint_kwargs, stop)
    ledger = RunLedger(attempt.run, attempt, parts)
    return Steps(parts, ledger, Callbacks([]), stop, due, waits=waits)


class Nobody:
    """Writes no checkpoint."""

    def save(self) -> None:
        """Nothing."""

    def prepare(self) -> None:
        """Nothing."""


def _weights(parts: Parts) -> list[torch.Tensor]:
    return [tensor.clone() for tensor in parts.model.state_dict().values()]


class Reads(TorchDispatchMode):
    """Notes each value that is read from a tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    "fit",
    [
        {"clip_norm": 1.0},
        {"accumulate": 3},
        {"on_nonfinite": "skip"},
        {"ema": {"decay": 0.9}},
        {"precision": "bf16", "clip_value": 1.0},
    ],
    ids=str,
)
def test_no_value_is_read_between_two_log_steps(attempt: Attempt, fit: dict[str, Any]) -> None:
    steps = _steps(attempt, _parts(**fit), waits=False)
    with Reads() as reads:
        float(torch.ones(()) + 1)
        assert reads.count == 1  # the counting works
        assert steps.train(Nobody()) == Edge(epoch_ended=True, evaluate=True)
    assert reads.count == 1
    assert steps.done == 10


@pytest.mark.parametrize("every", [1, 3, 1000])
def test_with_a_flag_on_the_device_the_weights_are_those_before_the_bad_step(
    attempt: Attempt, every: int
) -> None:
    parts = _parts(POISONED, every=every)
    steps = _steps(attempt, parts, waits=False)
    before = _weights(parts)
    sentence = r"is not finite at step 6 \(epoch 1, samples 40, 41, 42, 43, 44, 45, 46, 47\)"
    with pytest.raises(NonFiniteError, match=sentence):
        steps.train(Nobody())
        steps.means()
    after = _weights(parts)
    assert all(tensor.isfinite().all() for tensor in after)
    assert not torch.equal(before[0], after[0])
    steps.release()


def test_the_average_takes_in_nothing_of_a_skipped_step(attempt: Attempt) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    parts = _parts(POISONED, model, on_nonfinite="skip", ema={"decay": 0.9})
    steps = _steps(attempt, parts, waits=False)
    steps.train(Nobody())
    steps.release()
    assert parts.average is not None
    with parts.average.in_place():
        assert all(tensor.isfinite().all() for tensor in _weights(parts))


@pytest.mark.parametrize("waits", [True, False])
def test_a_skipped_step_is_counted_and_leaves_no_trace(attempt: Attempt, waits: bool) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    parts = _parts(POISONED, model, every=5, on_nonfinite="skip")
    steps = _steps(attempt, parts, waits=waits)
    steps.train(Nobody())
    means = steps.means()
    steps.release()
    assert all(tensor.isfinite().all() for tensor in _weights(parts))
    assert math.isfinite(means["train_loss"])
    first, second = attempt.run.steps.read()
    assert first.get("skipped") is None
    assert second["skipped"] == 1
    assert math.isfinite(float(second["loss"] or math.nan))


def test_what_is_ignored_is_said_and_logged_as_it_is(
    attempt: Attempt, caplog: pytest.LogCaptureFixture
) -> None:
    steps = _steps(attempt, _parts(POISONED, every=5, on_nonfinite="ignore"))
    steps.train(Nobody())
    assert math.isnan(steps.means()["train_loss"])
    assert math.isnan(float(attempt.run.steps.read()[1]["loss"] or 0.0))
    assert "the loss is not finite at step 6, samples 40, 41" in caplog.text


def test_gradients_do_not_pile_up_from_step_to_step(attempt: Attempt) -> None:
    parts = _parts(every=5)
    steps = _steps(attempt, parts)
    steps.train(Nobody())
    assert all(parameter.grad is None for parameter in parts.model.parameters())
    steps.finish()
    assert [row["step"] for row in attempt.run.steps.read()] == [5, 10]


def test_a_sign_of_life_is_promised_for_long_enough(attempt: Attempt) -> None:
    steps = _steps(attempt, _parts(every=5))
    steps.train(Nobody())
    (record,) = attempt.record.attempts
    assert record.sign is not None
    assert (record.sign.step, record.last_step) == (10, 10)
    assert record.sign.promise >= 60.0


def test_an_evaluation_in_the_middle_pauses_the_epoch_and_the_data_goes_on(
    attempt: Attempt,
) -> None:
    steps = _steps(attempt, _parts(evaluate_every=4, max_steps=13))
    edges = []
    while steps.done < 13:
        edge = steps.train(Nobody())
        edges.append((steps.done, *edge))
        steps.evaluated = steps.done if edge.evaluate else steps.evaluated
        if edge.epoch_ended:
            steps.begin_next_epoch()
    assert edges == [
        (4, False, True),
        (8, False, True),
        (10, True, False),
        (12, False, True),
        (13, False, True),
    ]


class Narrow(nn.Linear):
    """A model on a device that has no memory for more than two samples at once."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if len(input) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return super().forward(input)


def test_out_of_memory_is_one_sentence_with_what_would_help(attempt: Attempt) -> None:
    steps = _steps(attempt, _parts(model=Narrow(4, 2)))
    with pytest.raises(OutOfMemoryError, match=r"step 1 ran out of memory on cpu with micro-batch"):
        steps.train(Nobody())


def test_where_asked_for_the_batch_is_cut_until_it_fits(attempt: Attempt) -> None:
    narrow, plain = Narrow(4, 2), nn.Linear(4, 2)
    plain.load_state_dict(narrow.state_dict())
    steps = _steps(attempt, _parts(model=narrow, on_out_of_memory="split"))
    steps.train(Nobody())
    assert steps.done == 10
    assert steps.state_dict()["accumulate"] == 4
    whole = _steps(attempt, _parts(model=plain))
    whole.train(Nobody())
    for one, other in zip(narrow.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
