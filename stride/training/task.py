"""The task: what one step computes; batch in, named losses and metrics out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from stride.training.metrics import Metric
from stride.training.output import Output
from stride.training.updater import Updater


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

    def optimizers(self, model: nn.Module) -> Mapping[str, Iterable[nn.Parameter | dict[str, Any]]]:
        """What each of several optimisers is given, by name; none: one optimiser, which gets the
        `parameter_groups`.

        All are built from `optimizer_kwargs`; a group may have settings of its own, such as `lr`. A
            task that names optimisers runs the `update` itself.
        """
        return {}

    def update(self, model: nn.Module, batch: Any, optimizers: Mapping[str, Updater]) -> Output:
        """Do all of one training step, for what one optimiser cannot do; not used unless replaced.

        Call `optimizers[name].minimize(loss)` for each update, in any order and number. The losses
            of the output are for the tables; nothing more is done with them.

        Args:
            optimizers: those named by `optimizers`; "" where it names none.
        """
        raise NotImplementedError(f"{type(self).__name__} does not run the update itself")

    def loss_names(self) -> Sequence[str]:
        """The names of the losses that `step` gives, each time; balancing (`fit_kwargs.balancing`)
        needs to know them before the first step.
        """
        return ()

    def shared_parameters(self, model: nn.Module) -> Iterable[nn.Parameter]:
        """The weights of the last layer that all losses depend on; GradNorm compares the gradients
        of the losses there.
        """
        return ()

    def divisible(self) -> bool:
        """Whether the loss of a batch is the mean over its items, so that a batch may be cut into
        micro-batches; False where items are compared with each other, as in contrastive losses.
        """
        return True

    def begin_epoch(self, model: nn.Module, epoch: int) -> None:  # noqa: B027 -- a default, not a gap
        """Called before the first step of each epoch, counted from 1: freeze, unfreeze, change a
        margin.

        Called again when a training goes on in the middle of an epoch; which parameters are trained
            is then put back as it was.
        """

    def monitor(self) -> str:
        """Which number decides on the best weights, where the config names none:
        `val_accuracy:max`.
        """
        return "val_loss:min"

    @property
    def updates_itself(self) -> bool:
        """Whether `update` was replaced."""
        return type(self).update is not Task.update

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
