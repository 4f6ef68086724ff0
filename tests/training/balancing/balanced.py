"""A task of several losses, and trainings of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from stride.training.output import Output
from stride.training.task import Task
from stride.training.trainer import Trainer


class Heads(nn.Module):
    """A trunk and a head for each of the targets; each head knows the scale of its target."""

    def __init__(self, inputs: int, outputs: int, width: int, scales: Sequence[float]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before in (inputs, width, width, width):
            layers += [nn.Linear(before, width), nn.ReLU()]
        self.scales = list(scales)
        self.trunk = nn.Sequential(*layers)
        self.heads = nn.ModuleList(nn.Linear(width, outputs) for _ in scales)

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.trunk(inputs)
        heads = zip(self.scales, self.heads, strict=True)
        return torch.stack([scale * head(features) for scale, head in heads], 1)


class Several(Task):
    """A squared error for each head: `first`, `second`, ..."""

    def __init__(self, names: Sequence[str] = ("first", "second")) -> None:
        self.names = tuple(names)

    def loss_names(self) -> Sequence[str]:
        return self.names

    def shared_parameters(self, model: nn.Module) -> Iterable[nn.Parameter]:
        assert isinstance(model, Heads)
        layer = model.trunk[-2]
        assert isinstance(layer, nn.Linear)
        return [layer.weight]

    def step(self, model: nn.Module, batch: Any) -> Output:
        inputs, targets = batch
        errors = (model(inputs) - targets).square()
        losses = {name: errors[:, at].mean() for at, name in enumerate(self.names)}
        return Output(losses, len(inputs))


def toy(
    scales: Sequence[float], *, inputs: int = 10, outputs: int = 5, samples: int = 500
) -> TensorDataset:
    """The toy problem of the GradNorm paper (section 4): regressions with targets
    scale * tanh((B + e_i) x), which share B.
    """
    drawing = torch.Generator().manual_seed(0)
    shared = torch.randn(outputs, inputs, generator=drawing)
    x = torch.randn(samples, inputs, generator=drawing) / inputs**0.5
    targets = []
    for scale in scales:
        own = shared + 0.35 * torch.randn(outputs, inputs, generator=drawing)
        targets.append(scale * torch.tanh(x @ own.T))
    return TensorDataset(x, torch.stack(targets, 1))


def trainer(
    folder: Path,
    balancing: dict[str, Any] | None = None,
    *,
    scales: Sequence[float] = (1.0, 10.0),
    data: TensorDataset | None = None,
    task: Task | None = None,
    width: int = 16,
    batch_size: int = 100,
    val: bool = True,
    **groups: Any,
) -> Trainer:
    """A trainer of a task of several losses, in `folder/exp`."""
    torch.manual_seed(0)
    data = data or toy(scales, samples=200)
    inputs, targets = data.tensors
    model = groups.pop("model", None) or Heads(inputs.shape[1], targets.shape[2], width, scales)
    if "optimizer" not in groups:
        groups.setdefault("optimizer_kwargs", {"optimizer_name": "Adam", "lr": 0.001})
    fit = {"max_epochs": 2, "balancing": balancing or {}} | groups.pop("fit_kwargs", {})
    return Trainer(
        folder / "exp",
        device="cpu",
        model=model,
        task=task or Several(["first", "second", "third"][: len(scales)]),
        datasets={"train": data, **({"val": data} if val else {})},
        load_data_kwargs={
            "train_loader_kwargs": {"batch_size": batch_size},
            "val_loader_kwargs": {"batch_size": 64},
        },
        fit_kwargs=fit,
        log_kwargs={"every": 1, "progress": False},
        **groups,
    )
