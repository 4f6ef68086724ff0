"""The built-in task: inputs in, predictions compared with targets by a loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from stride.errors import ConfigError, DataError
from stride.training.losses import build_loss
from stride.training.metrics import Metric, build_metrics
from stride.training.output import Output
from stride.training.task import Task

_DEFAULTS: Mapping[str, tuple[str, list[str]]] = {
    "classes": ("CrossEntropyLoss", ["accuracy"]),
    "numbers": ("MSELoss", ["mae"]),
}
"""The loss and the metrics for each kind of target."""

_SMALLER_IS_BETTER = ("mae", "mse", "rmse")

_SAME_SHAPE = (
    nn.BCELoss,
    nn.BCEWithLogitsLoss,
    nn.HuberLoss,
    nn.L1Loss,
    nn.MSELoss,
    nn.MultiLabelSoftMarginLoss,
    nn.PoissonNLLLoss,
    nn.SmoothL1Loss,
    nn.SoftMarginLoss,
)
"""Losses of torch that compare value by value. Given (batch, 1) and (batch,) they would silently
compare each prediction with each target."""


class Supervised(Task, nn.Module):
    """Learn to predict targets; a batch is a pair `(inputs, targets)`.

    Args:
        loss_name: loss of torch.nn, or your own; null: CrossEntropyLoss for classes, MSELoss for
            numbers.
        loss_kwargs: arguments of the loss.
        metrics: of accuracy, mae, mse, rmse, r2; null: accuracy for classes, mae for numbers.
        target_kind: "classes" or "numbers"; null takes it from the data.

    Raises:
        ConfigError: a loss or metric that does not exist, or a loss that gives no scalar.
    """

    def __init__(
        self,
        loss_name: str | None = None,
        loss_kwargs: dict[str, Any] | None = None,
        metrics: Sequence[str] | None = None,
        target_kind: str | None = None,
    ) -> None:
        super().__init__()
        default_loss, default_metrics = _DEFAULTS.get(target_kind or "", (None, None))
        self.target_kind = target_kind
        self.loss_name = loss_name or default_loss
        self.metric_names = list(default_metrics or []) if metrics is None else list(metrics)
        if self.loss_name is None:
            raise ConfigError(
                "task_kwargs.loss_name must be given: the data does not say whether its targets are"
                " classes or numbers"
            )
        build_metrics(self.metric_names)
        self.loss = build_loss(self.loss_name, loss_kwargs or {})
        self._same_shape = isinstance(self.loss, _SAME_SHAPE)
        self._of_classes = isinstance(self.loss, nn.CrossEntropyLoss | nn.NLLLoss)

    def step(self, model: nn.Module, batch: Any) -> Output:
        """Predict and compare; the outputs are `(predictions, targets)`."""
        inputs, targets = batch
        predictions = model(inputs)
        if self._same_shape and (
            predictions.shape != targets.shape or predictions.dtype != targets.dtype
        ):
            targets = self._targets_like(predictions, targets)
        loss = self.loss(predictions, targets)
        return Output(loss, self._weight(targets), (predictions, targets))

    def metrics(self) -> Mapping[str, Metric]:
        """Those named, or the kind of target's own."""
        return build_metrics(self.metric_names)

    def predict(self, model: nn.Module, inputs: Any) -> Any:
        """Probabilities of the classes where the loss is CrossEntropyLoss, else what the model
        gives.
        """
        predictions = model(inputs)
        if isinstance(self.loss, nn.CrossEntropyLoss):
            return predictions.softmax(1)
        return predictions

    def monitor(self) -> str:
        """The first metric of the validation for classes; its loss otherwise."""
        if self._of_classes and self.metric_names:
            first = self.metric_names[0]
            return f"val_{first}:{'min' if first in _SMALLER_IS_BETTER else 'max'}"
        return "val_loss:min"

    def settled(self) -> Mapping[str, Any]:
        """What the kind of target decided."""
        return {
            "loss_name": self.loss_name,
            "metrics": self.metric_names,
            "target_kind": self.target_kind,
        }

    def _weight(self, targets: Tensor) -> Tensor | float:
        """The items that the loss is a mean over."""
        loss = self.loss
        if isinstance(loss, nn.CrossEntropyLoss | nn.NLLLoss) and not targets.is_floating_point():
            valid = targets != loss.ignore_index
            return valid if loss.weight is None else loss.weight[targets[valid]]
        return targets.numel() if self._same_shape else len(targets)

    def _targets_like(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Targets in the predictions' shape and type: (batch,) for (batch, 1), integers too."""
        if predictions.numel() != targets.numel() or len(predictions) != len(targets):
            raise DataError(
                f"{self.loss_name} compares value by value, but the predictions have the shape"
                f" {list(predictions.shape)} and the targets {list(targets.shape)}"
            )
        return targets.reshape(predictions.shape).to(predictions.dtype)
