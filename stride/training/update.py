"""The update of one optimiser step: from the micro-batches of a window to changed weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from stride.training.output import Output, items_of, total_loss, total_of, without_nothing
from stride.training.precision import Precision
from stride.training.task import Task, modules_of
from stride.training.updater import RefusedUpdateError, Updater

Window = tuple[Any, ...]
"""The micro-batches of one optimiser step."""

Total = Callable[[Output], Tensor]
"""Makes one scalar, which is minimised, of the losses of a micro-batch."""


class Done(NamedTuple):
    """What a step computed.

    Attributes:
        results: for each micro-batch its output and its detached total loss, on the device.
        updated: whether the weights were changed, as far as is known without a wait.
    """

    results: list[tuple[Output, Tensor]]
    updated: bool


class Update(ABC):
    """One way to come from a window to changed weights."""

    @abstractmethod
    def run(self, window: Window) -> Done:
        """Compute losses and gradients of the window's micro-batches, and update."""


class WholeUpdate(Update):
    """A window of one batch: what most steps are."""

    def __init__(
        self,
        task: Task,
        model: nn.Module,
        updater: Updater,
        precision: Precision,
        total: Total = total_of,
    ) -> None:
        self._task = task
        self._model = model
        self._updater = updater
        self._precision = precision
        self._total = total
        self._plain = precision.name == "fp32"

    def run(self, window: Window) -> Done:
        """One forward pass, one backward pass, one step."""
        (batch,) = window
        if self._plain:
            output = self._task.step(self._model, batch)
            total = self._total(output)
        else:
            with self._precision.forward():
                output = self._task.step(self._model, batch)
                total = self._total(output)
        self._updater.backward(total)
        loss = total.detach()
        return Done([(output, loss)], self._updater.update(loss))


class AccumulatedUpdate(Update):
    """A window in micro-batches: the gradients are those of the whole window, each micro-batch
    weighted by its valid items, a short last window included.

    With n_i items and the mean loss L_i in micro-batch i the gradient is that of
    sum(n_i L_i) / sum(n_i).
    """

    def __init__(
        self,
        task: Task,
        model: nn.Module,
        updater: Updater,
        precision: Precision,
        total: Total = total_of,
    ) -> None:
        self._task = task
        self._model = model
        self._updater = updater
        self._precision = precision
        self._total = total

    def run(self, window: Window) -> Done:
        """A forward and a backward pass a micro-batch, then one step."""
        results, loss, factor = self.accumulate(window)
        return Done(results, self._updater.update(loss, factor))

    def accumulate(
        self, window: Window
    ) -> tuple[list[tuple[Output, Tensor]], Tensor, Tensor | float]:
        """Add up the gradients: the results, the loss of the window, and what the gradients must
        still be multiplied by.
        """
        results: list[tuple[Output, Tensor]] = []
        ranks = self._updater.ranks
        alone = ranks.world_size == 1
        # Before anything else: a sharded model is gathered by all ranks together, as often on each.
        most = max(ranks.gather(len(window))) if self._updater.sharded else len(window)
        share = 1.0  # on several ranks one that all of them know
        items: Tensor | float = 0.0
        loss: Tensor | float = 0.0
        for batch in window:
            with self._precision.forward():
                output = self._task.step(self._model, batch)
                total = self._total(output)
            weight = items_of(output.weight)
            if isinstance(weight, Tensor):  # a count of valid items is a whole number
                weight = weight.to(torch.promote_types(total.dtype, torch.float32))
            total = without_nothing(total, weight)
            if alone and not results and not isinstance(weight, Tensor) and weight:
                # About what all will weigh: gradients stay of the size that they have in the end.
                share = weight * len(window)
            scaled = total * (weight if share == 1.0 else weight / share)
            self._updater.backward(scaled)
            items = items + weight if results else weight
            loss = loss + scaled.detach() if results else scaled.detach()
            results.append((output, total.detach()))
        self._pass_again(window, most - len(window))
        assert isinstance(loss, Tensor)
        if not alone:
            return results, *self._updater.sum_over_ranks(loss, items, share)
        return results, loss, share / (items if isinstance(items, Tensor) or items else 1.0)

    def _pass_again(self, window: Window, count: int) -> None:
        """Go forward and backward with the last micro-batch, so often, and leave no trace of it in
        gradients and buffers.
        """
        if not count:
            return
        modules = modules_of(self._model, self._task)
        kept = [(each, each.detach().clone()) for part in modules for each in part.buffers()]
        for _ in range(count):
            with self._precision.forward():
                total = total_of(self._task.step(self._model, window[-1]))
            self._updater.backward(total * 0.0)
        with torch.no_grad():
            for buffer, before in kept:
                buffer.copy_(before)


class ClosureUpdate(Update):
    """For optimisers that evaluate the loss several times in a step, such as LBFGS: all evaluations
    are of the same window. The results are those of the first.
    """

    def __init__(self, accumulated: AccumulatedUpdate, updater: Updater) -> None:
        self._accumulated = accumulated
        self._updater = updater

    def run(self, window: Window) -> Done:
        """As many forward and backward passes as the optimiser asks for."""
        first: list[tuple[Output, Tensor]] = []

        def evaluate() -> Tensor:
            self._updater.clear()
            results, loss, factor = self._accumulated.accumulate(window)
            if isinstance(factor, Tensor) or factor != 1.0:
                self._updater.multiply(factor)
            if not first:
                first.extend(results)
                if not self._updater.is_finite(loss):
                    raise _NotFiniteError
            return loss * factor

        try:
            self._updater.step_with(torch.enable_grad()(evaluate))
        except _NotFiniteError:  # raised before the optimiser has changed anything
            return Done(first, updated=False)
        return Done(first, updated=True)


class TaskUpdate(Update):
    """The task runs the update itself, with the optimisers that it named."""

    def __init__(
        self, task: Task, model: nn.Module, updaters: Mapping[str, Updater], precision: Precision
    ) -> None:
        self._task = task
        self._model = model
        self._updaters = updaters
        self._precision = precision

    def run(self, window: Window) -> Done:
        """What the task does with the batch."""
        (batch,) = window
        for updater in self._updaters.values():
            updater.begin_step()
        try:
            with self._precision.forward():
                output = self._task.update(self._model, batch, self._updaters)
        except RefusedUpdateError:
            return Done([], updated=False)
        updated = not any(updater.refused for updater in self._updaters.values())
        return Done([(output, total_loss(output.losses).detach())], updated)


class _NotFiniteError(Exception):
    """The first evaluation of a closure was not finite."""


def choose_update(
    task: Task,
    model: nn.Module,
    updaters: Mapping[str, Updater],
    precision: Precision,
    *,
    parts: int,
    closure: bool,
) -> Update:
    """The way that suits the task, the optimiser and the number of micro-batches."""
    if task.updates_itself:
        return TaskUpdate(task, model, updaters, precision)
    (updater,) = updaters.values()
    if closure:
        return ClosureUpdate(AccumulatedUpdate(task, model, updater, precision), updater)
    whole = parts == 1 and updater.ranks.world_size == 1
    kind = WholeUpdate if whole else AccumulatedUpdate
    return kind(task, model, updater, precision)
