"""The updater: nothing hides what is not finite, and no copy of a weight outlives its change."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from stride.config.fit_kwargs import FitKwargs
from stride.training.output import Output
from stride.training.precision import Precision
from stride.training.task import Task
from stride.training.update import TaskUpdate
from stride.training.updater import Updater
from tests.training.ranks.together import together

CPU = torch.device("cpu")
INPUTS = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))


def test_clipping_by_value_does_not_hide_an_infinite_gradient() -> None:
    weight = nn.Parameter(torch.zeros(3))
    updater = Updater(torch.optim.SGD([weight], lr=1.0), FitKwargs(clip_value=0.5), CPU)
    loss = weight.sqrt().sum()
    updater.backward(loss)
    assert not updater.update(loss.detach())
    assert weight.tolist() == [0.0, 0.0, 0.0]


class Twice(Task):
    """Updates, and has another look with the weights that came of it."""

    def __init__(self) -> None:
        self.seen: Tensor | None = None

    def step(self, model: nn.Module, batch: Any) -> Output:
        raise NotImplementedError

    def update(self, model: nn.Module, batch: Any, optimizers: Mapping[str, Updater]) -> Output:
        loss = model(batch).sum()
        optimizers[""].minimize(loss)
        self.seen = model(batch).detach()
        return Output(loss.detach())


def test_in_half_precision_a_task_sees_the_weights_that_its_update_made() -> None:
    model, task = nn.Linear(4, 4), Twice()
    updater = Updater(torch.optim.SGD(model.parameters(), lr=1.0), FitKwargs(), CPU)
    precision = Precision("bf16", CPU)
    TaskUpdate(task, model, {"": updater}, precision).run((INPUTS,))
    with precision.forward():
        wanted = model(INPUTS)
    assert task.seen is not None
    assert torch.equal(task.seen, wanted)


class Now(Task):
    """Updates as often as it is told, by losses that it is given."""

    def step(self, model: nn.Module, batch: Any) -> Output:
        raise NotImplementedError

    def update(self, model: nn.Module, batch: Any, optimizers: Mapping[str, Updater]) -> Output:
        for factor in batch:
            optimizers[""].minimize(model(INPUTS).sum() * factor)
        return Output(torch.zeros(()))


def test_several_updates_of_a_step_are_one_place_where_the_device_skips_them() -> None:
    model = nn.Linear(4, 4)
    settings = FitKwargs(on_nonfinite="skip")
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    updater = Updater(optimizer, settings, CPU, waits=False)
    update = TaskUpdate(Now(), model, {"": updater}, Precision("fp32", CPU))
    flags = []
    for factors in ([1.0, 1.0], [], [torch.nan, 1.0], [1.0], []):
        update.run((factors,))
        flags.append(None if updater.flag is None else updater.flag.item())
    assert flags == [0.0, None, 1.0, 0.0, None]
    assert updater.read_skipped() == [2]
    assert updater.read_skipped() == []
    updater.release()


def test_gradients_of_ranks_are_added_where_only_one_has_them_too(tmp_path: Path) -> None:
    ended = together(tmp_path, "update", 2)
    assert [each.code for each in ended] == [0, 0], ended
    for rank, each in enumerate(ended):
        gradients, total, factor, loss, items = each.answer  # type: ignore[misc]
        assert gradients == [[3.0, 3.0], [5.0, 5.0], [5.0, 5.0], None]
        assert (total, factor) == (7.0, pytest.approx(1 / 12))
        assert (loss, items) == (3.0 + rank, 4.0 * (1 + rank))  # what was given is as it was
