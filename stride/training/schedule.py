"""The schedule of the learning rate: when a scheduler steps, and by what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from stride.errors import ConfigError
from stride.training.columns import monitored


class Schedule:
    """A scheduler of torch and its rhythm; without a scheduler nothing happens.

    Args:
        interval: whether it steps after each optimiser step or after each epoch's evaluation.
        monitor: the column of the epoch's row that a plateau is looked for in.
    """

    def __init__(
        self,
        scheduler: LRScheduler | None,
        *,
        interval: Literal["epoch", "step"] = "epoch",
        monitor: str | None = None,
    ) -> None:
        self.scheduler = scheduler
        self._monitor = monitor or "val_loss"
        self.each_step = scheduler is not None and interval == "step"
        if isinstance(scheduler, ReduceLROnPlateau):
            if self.each_step:
                raise ConfigError(
                    "scheduler_kwargs.interval must be epoch for ReduceLROnPlateau: its metric is"
                    " measured once an epoch"
                )
        elif monitor is not None:
            raise ConfigError(
                "scheduler_kwargs.monitor is for ReduceLROnPlateau; no other scheduler looks at a"
                " metric"
            )

    def after_step(self) -> None:
        """To be called after each optimiser step."""
        if self.each_step and self.scheduler is not None:
            self.scheduler.step()

    def after_epoch(self, row: Mapping[str, float | int]) -> None:
        """To be called after the evaluation of an epoch, with its row of metrics.

        Raises:
            ConfigError: a plateau is looked for in a column that the row has not.
        """
        if self.scheduler is None or self.each_step:
            return
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step(monitored(row, self._monitor, "scheduler_kwargs.monitor"))
        else:
            self.scheduler.step()
