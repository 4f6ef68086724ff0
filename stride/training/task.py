"""The task: what one step computes; batch in, named losses and metrics out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor, nn

from stride.training.metrics import Metric
from stride.training.output import Output


class Task(ABC):
    """What a training does with a batch. Only `step` must be written.

    The methods that follow it have defaults, and are the only ones of stride that may be replaced.
    A task may be an `nn.Module` as well (`class Margin(Task, nn.Module)`): its parameters are then
    trained, saved and loaded with the model's.

    A task is built from `task_kwargs`. Parameters of its constructor called `input_shape`,
    `output_shape` or `target_kind` that default to None are filled from the data.
    """

    @abstractmethod
    def step(self, model: nn.Module, batch: Any) -> Output:
        """Compute the losses of one training batch, gradients included.

        Args:
            model: in training mode, unless `begin_epoch` said otherwise of a part of it.
            batch: whatever the data set gives, collated and on the device.
        """

    def evaluate(self, model: nn.Module, batch: Any) -> Output:
        """Compute the losses of one batch of an evaluation: no gradients, modules in evaluation
        mode.
        """
        return self.step(model, batch)

    def metrics(self) -> Mapping[str, Metric]:
        """Fresh metrics by name; asked for once for the training and once for each evaluation."""
        return {}

    def predict(self, model: nn.Module, inputs: Any) -> Any:
        """The predictions for a batch of inputs, first dimension the samples."""
        return model(inputs)

    def parameter_groups(self, model: nn.Module) -> Iterable[nn.Parameter | dict[str, Any]]:
        """What the optimiser is given: parameters, or groups with settings of their own.

        Frozen parameters belong to it too: a part that is unfrozen at a later epoch is then
            trained.
        """
        own = self.parameters() if isinstance(self, nn.Module) else ()
        return [*model.parameters(), *own]

    def begin_epoch(self, model: nn.Module, epoch: int) -> None:  # noqa: B027 -- a default, not a gap
        """Called before the first step of each epoch, counted from 1: freeze, unfreeze, change a
        margin.
        """

    def monitor(self) -> str:
        """Which number decides on the best weights, where the config names none:
        `val_accuracy:max`.
        """
        return "val_loss:min"

    def settled(self) -> Mapping[str, Any]:
        """Arguments that were left to the data, as they were settled: JSON values.

        They are kept in run.json, so that the task is built again without the data.
        """
        return {}


def modules_of(model: nn.Module, task: Task) -> list[nn.Module]:
    """The modules that are trained, put in a mode and saved: the model, and the task where it is
    one.
    """
    return [model, task] if isinstance(task, nn.Module) else [model]


def losses_by_name(output: Output) -> Mapping[str, Tensor]:
    """The named losses of an output; none where there is only the total."""
    return {} if isinstance(output.losses, Tensor) else output.losses
