"""The steps of an epoch: the inner loop, in which nothing waits for the device but a log step."""

from __future__ import annotations

import math
import time

import torch
from torch import Tensor, nn

from stride.errors import NonFiniteError
from stride.store.attempt import Attempt
from stride.store.run import Run
from stride.tables import Cell
from stride.training.averages import LossReader, WeightedMeans
from stride.training.evaluation import place_metrics
from stride.training.finite import FiniteGuard, choose_guard
from stride.training.metrics import read_metrics
from stride.training.moments import StepLogged
from stride.training.optimization import trained_parameters
from stride.training.output import total_loss
from stride.training.parts import Parts
from stride.training.stopping import Stop
from stride.training.task import modules_of
from stride.training.view import View

_SECONDS_BETWEEN_SIGNS = 5.0
_SHORTEST_PROMISE = 60.0
_PATIENCE = 20.0
"""A sign is promised within so many times what the last stretch took: a slow step is no stalled
training.
"""


class Steps:
    """The optimiser steps of a training, from the first to the last, an epoch at a time.

    Args:
        guard: against losses that are not finite; that of the device unless given.

    Attributes:
        done: optimiser steps so far.
    """

    def __init__(
        self,
        parts: Parts,
        run: Run,
        attempt: Attempt,
        view: View,
        stop: Stop,
        *,
        guard: FiniteGuard | None = None,
    ) -> None:
        self.done = 0
        self._parts = parts
        self._table = run.steps
        self._attempt = attempt
        self._view = view
        self._stop = stop
        self._guard = guard or choose_guard(parts.optimizer, parts.device)
        self._losses = LossReader()
        self._norms: list[Tensor] = []
        self._row_means = WeightedMeans()
        self._epoch_means = WeightedMeans()
        self._metrics = parts.task.metrics()
        place_metrics(self._metrics.values(), parts.device)
        self._lr: float | Tensor = parts.optimizer.param_groups[0]["lr"]
        self._epoch = 0
        self._signed = time.monotonic()

    def run_epoch(self, epoch: int) -> dict[str, float]:
        """Train over one epoch, or up to `max_steps`; the means of losses and metrics, named
        `train_*`.

        For each batch: losses, gradients, clipping, the update if all is finite, the schedule;
            then, at a log step, a row.

        Raises:
            NonFiniteError: a loss or gradient was not finite; the bad update was not made.
            KeyboardInterrupt: the training was asked to stop.
        """
        parts = self._parts
        task, model, optimizer, schedule = parts.task, parts.model, parts.optimizer, parts.schedule
        clip_norm, every = parts.fit_kwargs.clip_norm, parts.log_kwargs.every
        last_step = parts.planned_steps
        metrics = list(self._metrics.values())
        self._epoch = epoch
        task.begin_epoch(model, epoch)
        trained = trained_parameters(optimizer)
        every_parameter = _all_parameters(parts, trained)

        for batch in parts.train.epoch(epoch):
            output = task.step(model, batch)
            total = total_loss(output.losses)
            total.backward()  # type: ignore[no-untyped-call]
            watched = [total.detach()]
            if clip_norm is not None:
                norm = nn.utils.clip_grad_norm_(trained, clip_norm)
                watched.append(norm)
                self._norms.append(norm)
            self._losses.add(output, watched[0])
            self.done += 1
            if self._guard.allows_update(watched):
                optimizer.step()
            else:
                self._read()
            for parameter in every_parameter:
                parameter.grad = None
            for metric in metrics:
                metric.update(*output.outputs)
            if schedule.each_step:
                self._lr = optimizer.param_groups[0]["lr"]
                schedule.after_step()
            if self.done % every == 0:
                self._log()
            elif time.monotonic() - self._signed > _SECONDS_BETWEEN_SIGNS:
                self.sign()
            self._stop.check()
            if self.done >= last_step:
                break

        return self._end_epoch()

    def finish(self) -> None:
        """Log what came after the last log step, and let go of the optimiser."""
        if self._row_means.means():
            self._append_row()
        self.release()

    def release(self) -> None:
        """Let go of the optimiser, which may be the user's own."""
        self._guard.release()

    def sign(self) -> None:
        """Give a sign of life; called between batches of an evaluation too."""
        now = time.monotonic()
        promise = max(_SHORTEST_PROMISE, _PATIENCE * (now - self._signed))
        self._signed = now
        fit = self._parts.fit_kwargs
        self._attempt.sign(
            step=self.done,
            epoch=self._epoch,
            max_epochs=fit.max_epochs,
            max_steps=fit.max_steps,
            promise=promise,
        )

    def pause(self) -> None:
        """Between two batches of an evaluation: a sign of life now and then, and a look at whether
        to stop.
        """
        if time.monotonic() - self._signed > _SECONDS_BETWEEN_SIGNS:
            self.sign()
        self._stop.check()

    @property
    def lr(self) -> float:
        """The learning rate of the last step, of the first group."""
        return float(self._lr if self._parts.schedule.each_step else self._current_lr())

    def _current_lr(self) -> float | Tensor:
        rate: float | Tensor = self._parts.optimizer.param_groups[0]["lr"]
        return rate

    def _log(self) -> None:
        self._read()
        row = self._append_row()
        self.sign()
        self._view.observe(StepLogged(self.done, self._epoch, row))

    def _append_row(self) -> dict[str, Cell]:
        means = self._row_means.means()
        self._row_means.clear()
        norm = means.pop("gradient_norm", None)
        row: dict[str, Cell] = {"step": self.done, "epoch": self._epoch, "lr": self.lr, **means}
        if norm is not None:
            row["gradient_norm"] = norm
        self._table.append(row)
        return row

    def _read(self) -> None:
        """Read the losses of the steps since the last reading: the one place that waits for the
        device.
        """
        first = self.done - len(self._losses) + 1
        bad = self._losses.read_into(self._row_means, self._epoch_means)
        norms: list[float] = torch.stack(self._norms).tolist() if self._norms else []
        self._norms.clear()
        for norm in norms:
            self._row_means.add("gradient_norm", norm, 1.0)
        what = "loss"
        if bad is None:
            what = "norm of the gradients"
            bad = next((at for at, norm in enumerate(norms) if not math.isfinite(norm)), None)
        if bad is not None:
            raise NonFiniteError(
                f"the {what} is not finite at step {first + bad} (epoch {self._epoch}), and"
                " the last weights are those before it; lower optimizer_kwargs.lr, set"
                " fit_kwargs.clip_norm, or look at the data"
            )

    def _end_epoch(self) -> dict[str, float]:
        self._read()
        values = self._epoch_means.means() | read_metrics(self._metrics)
        self._epoch_means.clear()
        for metric in self._metrics.values():
            metric.reset()
        return {f"train_{name}": value for name, value in values.items()}


def _all_parameters(parts: Parts, trained: list[Tensor]) -> list[Tensor]:
    """All that may gather gradients: what is trained, and what the optimiser was not given."""
    of_modules = [p for module in modules_of(parts.model, parts.task) for p in module.parameters()]
    return list({id(parameter): parameter for parameter in [*trained, *of_modules]}.values())
