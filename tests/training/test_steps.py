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

from stride.config.fit_kwargs import FitKwargs
from stride.config.loader_kwargs import TrainLoaderKwargs
from stride.config.log_kwargs import LogKwargs
from stride.errors import NonFiniteError
from stride.store.attempt import Attempt
from stride.store.work_dir import WorkDir
from stride.training.batches.build import build_batches
from stride.training.finite import FlagGuard
from stride.training.parts import Parts
from stride.training.schedule import Schedule
from stride.training.steps import Steps
from stride.training.stopping import Stop
from stride.training.supervised import Supervised
from stride.training.view import SilentView

CPU = torch.device("cpu")
INPUTS = torch.randn(80, 4, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def attempt(tmp_path: Path) -> Iterator[Attempt]:
    with WorkDir(tmp_path / "exp").create({}).start() as attempt:
        yield attempt


def _steps(attempt: Attempt, inputs: torch.Tensor, every: int, **fit: Any) -> Steps:
    """Ten steps an epoch, with the guard of an accelerator."""
    model, task = nn.Linear(4, 2), Supervised(target_kind="classes")
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, fused=True)
    data = TensorDataset(inputs, torch.zeros(80, dtype=torch.int64))
    settings = TrainLoaderKwargs(batch_size=8, shuffle=False)
    batches = build_batches(data, settings, split="train", seed=0, device=CPU)
    parts = Parts(
        device=CPU,
        train=batches,
        val=None,
        test=None,
        model=model,
        task=task,
        optimizer=optimizer,
        schedule=Schedule(None),
        monitors=(),
        fit_kwargs=FitKwargs(max_epochs=10, **fit),
        log_kwargs=LogKwargs(every=every),
    )
    guard = FlagGuard(optimizer, CPU)
    return Steps(parts, attempt.run, attempt, SilentView(), Stop(), guard=guard)


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


def test_no_value_is_read_between_two_log_steps(attempt: Attempt) -> None:
    steps = _steps(attempt, INPUTS, every=1000, clip_norm=1.0)
    with Reads() as reads:
        float(torch.ones(()) + 1)
        assert reads.count == 1  # the counting works
        steps.run_epoch(1)
    assert reads.count == 1
    assert steps.done == 10


@pytest.mark.parametrize("every", [1, 3, 1000])
def test_with_a_flag_on_the_device_the_weights_are_those_before_the_bad_step(
    attempt: Attempt, every: int
) -> None:
    poisoned = INPUTS.clone()
    poisoned[40] = math.nan  # in the sixth batch
    steps = _steps(attempt, poisoned, every)
    before = [tensor.clone() for tensor in steps._parts.model.state_dict().values()]
    with pytest.raises(NonFiniteError, match=r"the loss is not finite at step 6 \(epoch 1\)"):
        steps.run_epoch(1)
    after = list(steps._parts.model.state_dict().values())
    assert all(tensor.isfinite().all() for tensor in after)
    assert not torch.equal(before[0], after[0])
    steps.release()


def test_gradients_do_not_pile_up_from_step_to_step(attempt: Attempt) -> None:
    steps = _steps(attempt, INPUTS, every=5)
    steps.run_epoch(1)
    assert all(parameter.grad is None for parameter in steps._parts.model.parameters())
    steps.finish()
    assert [row["step"] for row in attempt.run.steps.read()] == [5, 10]


def test_a_sign_of_life_is_promised_for_long_enough(attempt: Attempt) -> None:
    steps = _steps(attempt, INPUTS, every=5)
    steps.run_epoch(1)
    (record,) = attempt.record.attempts
    assert record.sign is not None
    assert (record.sign.step, record.last_step) == (10, 10)
    assert record.sign.promise >= 60.0
