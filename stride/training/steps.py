"""The steps of a training: the inner loop, in which nothing waits for the device but a log step."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from typing import Any

from torch import Tensor

from stride.errors import DataError
from stride.tables import Cell
from stride.training.agreement import Agreement
from stride.training.callbacks import Callbacks
from stride.training.due import Due, Keeper
from stride.training.edge import Edge
from stride.training.kept_buffers import buffers_to_keep, put_back_buffers
from stride.training.ledger import Ledger
from stride.training.moments import StepLogged
from stride.training.out_of_memory import is_out_of_memory, split_further
from stride.training.parts import Parts
from stride.training.signs import Signs
from stride.training.stopping import Stop
from stride.training.tally import Tally
from stride.training.update import Window
from stride.training.update_choice import update_of
from stride.training.updater import Updater


class Steps:
    """The optimiser steps of a training, from where it begins to the last.

    Args:
        waits: whether the guard may read its flag at each step; as the device has it unless given.

    Attributes:
        done: optimiser steps so far.
        epoch: the one that the next step belongs to, counted from 1.
        consumed: windows of that epoch that are done.
        logged: step of the last row of steps.csv.
        evaluated: step of the last evaluation, which the loop does.
        tally: what the steps have computed.
    """

    def __init__(
        self,
        parts: Parts,
        ledger: Ledger,
        callbacks: Callbacks,
        stop: Stop,
        due: Due,
        *,
        waits: bool | None = None,
    ) -> None:
        self.done = self.consumed = self.logged = self.evaluated = 0
        self.epoch = 1
        self._parts = parts
        self._ledger = ledger
        self._callbacks = callbacks
        self._stop = stop
        self._due = due
        self._signs = Signs(ledger)
        self._agreement = Agreement(parts.ranks, stop, due, callbacks)
        self._accumulate = parts.fit_kwargs.accumulate
        self._updaters = {
            name: Updater(
                optimizer,
                parts.fit_kwargs,
                parts.device,
                parts.scaler,
                waits=waits,
                ranks=parts.ranks,
            )
            for name, optimizer in parts.optimizers.items()
        }
        self.tally = Tally(parts, self._updaters)
        self._buffers = buffers_to_keep(parts, self._updaters.values())
        self._rate: float | Tensor = self._parts.rate()
        self._edge_lr = 0.0
        self._windows: Iterator[Window] | None = None
        self._first = True
        self._parameters = parts.all_parameters()

    def train(self, keeper: Keeper) -> Edge:
        """Train to the next edge: the end of the epoch, or a step after which an evaluation is due.

        For each window of the data: losses, gradients, clipping, the update if all is finite, the
            average of the weights, the schedule; then, at a log step, a row; then a checkpoint
            where one is due.

        Args:
            keeper: writes checkpoints.

        Raises:
            NonFiniteError: a loss or gradient was not finite; the bad update was not made.
            OutOfMemoryError: the batch is too large for the device.
            AtStepEdge: the training was asked to stop.
        """
        while True:
            try:
                return self._train(keeper)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                reason = str(error)
            self._split(reason)  # outside of the handler, which keeps the tensors of the step alive

    def _train(self, keeper: Keeper) -> Edge:
        parts, tally, buffers = self._parts, self.tally, self._buffers
        schedule, average, parameters = parts.schedule, parts.average, self._parameters
        log_every = parts.log_kwargs.every
        evaluate_every = parts.fit_kwargs.evaluate_every or 0
        last = math.inf if parts.planned_steps is None else parts.planned_steps
        windows_an_epoch = len(parts.train)
        if self.evaluated != self.done:  # stopped on the way to this evaluation, and gone on with
            at_step = evaluate_every > 0 and self.done % evaluate_every == 0
            missed = at_step or self.done >= last
            if missed or 0 < self.consumed == windows_an_epoch:
                return self._edge(evaluate=missed)
        update = update_of(parts, self._updaters, self._accumulate)

        for window in self._open_windows():
            if buffers is not None:
                buffers.keep()
            results, updated = update.run(window)
            self.done += 1
            self.consumed += 1
            for parameter in parameters:
                parameter.grad = None
            if buffers is not None:  # before anybody looks at them
                put_back_buffers(buffers, self._updaters.values(), updated=updated)
            if updated:
                tally.add(results, self.done)
                if average is not None:
                    average.update()
            else:
                tally.leave_out(results, self.done, self._place)
            if schedule.each_step:
                self._rate = self._parts.rate()
                schedule.after_step()
            if self.done % log_every == 0:
                self._log()
            elif self._signs.now_and_then(self.done, self.epoch):
                self._look()
            self._agreement.after_step(self.done)
            evaluate = evaluate_every > 0 and self.done % evaluate_every == 0
            if self._first:
                self._first = False
                keeper.prepare()
            asked = self._agreement.stop_reason is not None
            if evaluate or asked or self.done >= last or self.consumed == windows_an_epoch:
                return self._edge(evaluate=evaluate or asked)
            if self._due.after_step(self.done):
                keeper.save()
            self._stop.check()
        if self.consumed == 0:
            raise DataError(f"the train data gives no batch in epoch {self.epoch}; is it used up?")
        return self._edge(evaluate=False, exhausted=True)

    def _edge(self, *, evaluate: bool, exhausted: bool = False) -> Edge:
        parts = self._parts
        fit = parts.fit_kwargs
        epoch_ended = exhausted or self.consumed == len(parts.train)
        self._edge_lr = self.lr
        if epoch_ended:
            next(self._windows or iter(()), None)  # to where the data's own code of an epoch ends
            self._close_windows()
        over = parts.planned_steps is not None and self.done >= parts.planned_steps
        over = over or (epoch_ended and self.epoch >= fit.max_epochs)
        by_epoch = epoch_ended and fit.evaluate_every is None
        return Edge(epoch_ended, evaluate or by_epoch or over)

    def begin_next_epoch(self) -> None:
        """The epoch is done with, its evaluation too."""
        self.epoch += 1
        self.consumed = 0

    def means(self) -> dict[str, float]:
        """The means of losses and metrics since the last call, named `train_*`."""
        self.tally.read(self.done, self._place)
        return {f"train_{name}": value for name, value in self.tally.take_means().items()}

    def finish(self) -> None:
        """Log what came after the last log step."""
        self.tally.read(self.done, self._place)
        if self.tally.has_row:
            row = self._append_row(self._edge_lr)
            self._callbacks.tell(StepLogged(self.done, self._place[0], row))

    def release(self) -> None:
        """Let go of the data and of the optimisers, which may be the user's own."""
        self._close_windows()
        for updater in self._updaters.values():
            updater.release()

    def pause(self) -> None:
        """Between two batches of an evaluation: a sign of life now and then, and a look at whether
        to stop.
        """
        if self._signs.now_and_then(self.done, self.epoch):
            self._stop.look()
        self._stop.check()

    @property
    def lr(self) -> float:
        """The learning rate of the last step, of the first group."""
        return float(self._rate if self._parts.schedule.each_step else self._parts.rate())

    def state_dict(self) -> dict[str, Any]:
        """Position and running sums, at the edge of a step: waits for the device."""
        self.tally.read(self.done, self._place)
        return {
            "done": self.done,
            "epoch": self.epoch,
            "consumed": self.consumed,
            "logged": self.logged,
            "evaluated": self.evaluated,
            "accumulate": self._accumulate,
            "rate": float(self._rate),
            "tally": self.tally.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up position and sums."""
        self.done, self.epoch = state["done"], state["epoch"]
        self.consumed = state["consumed"]
        self.logged, self.evaluated = state["logged"], state["evaluated"]
        self._accumulate = max(state["accumulate"], self._accumulate)
        self._rate = state["rate"]
        self.tally.load_state_dict(state["tally"])

    @property
    def _place(self) -> tuple[int, int]:
        """Epoch and window of the last step; between two epochs the one that ended."""
        return (self.epoch if self.consumed else self.epoch - 1), self.consumed - 1

    def _open_windows(self) -> Iterator[Window]:
        """The windows of the epoch that are left; an evaluation in its middle closes nothing."""
        if self._windows is None:
            parts = self._parts
            if self.consumed == 0:
                parts.task.begin_epoch(parts.model, self.epoch)
                if parts.balancing is not None:
                    parts.balancing.begin_epoch(self.epoch)
            self._windows = parts.train.windows(
                self.epoch, start=self.consumed, parts=self._accumulate
            )
        return self._windows

    def _close_windows(self) -> None:
        windows, self._windows = self._windows, None
        if isinstance(windows, Generator):
            windows.close()

    def _split(self, reason: str) -> None:
        """After the device ran out of memory: smaller micro-batches, from this window on."""
        self._close_windows()
        for parameter in self._parameters:
            parameter.grad = None
        self._accumulate = split_further(self._parts, self._accumulate, self.done + 1, reason)

    def _log(self) -> None:
        self.tally.read(self.done, self._place)
        row = self._append_row(self.lr)
        self._signs.give(self.done, self.epoch)
        self._callbacks.tell(StepLogged(self.done, self.epoch, row))
        self._look()

    def _look(self) -> None:
        """Look for requests; among several ranks that is for their meetings."""
        if self._parts.ranks.world_size == 1:
            self._stop.look()
            self._due.look()

    def _append_row(self, lr: float) -> dict[str, Cell]:
        row: dict[str, Cell] = {"step": self.done, "epoch": self._place[0], "lr": lr}
        row |= self.tally.take_row()
        self._ledger.step_row(row)
        self.logged = self.done
        return row
