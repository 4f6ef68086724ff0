"""The update of projected gradients: one backward pass for each loss, one step."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from stride.training.balancing.balancing import StepParts
from stride.training.balancing.named_losses import NamedLosses
from stride.training.balancing.window_means import WindowMeans
from stride.training.optimization import trained_parameters
from stride.training.output import Output, items_of
from stride.training.update import Done, Update, Window


class PCGradUpdate(Update):
    """Gathers the gradient of each loss over the window, and steps by what is left of them.

    It takes the memory of one more set of gradients for each loss.

    Args:
        weigh: of inner products (losses, losses), how much of each gradient is taken.
        after: told that, and whether the update was made.
    """

    def __init__(
        self,
        parts: StepParts,
        losses: NamedLosses,
        weigh: Callable[[Tensor], Tensor],
        after: Callable[[Tensor, bool], None],
    ) -> None:
        self._parts = parts
        self._losses = losses
        self._weigh = weigh
        self._after = after
        self._trained = trained_parameters(parts.updater.optimizer)

    def run(self, window: Window) -> Done:
        """A forward pass a micro-batch, a backward pass a loss, one step."""
        parameters = [each for each in self._trained if each.requires_grad]
        used = [False] * len(parameters)
        means = WindowMeans(self._parts.updater.ranks)
        results: list[tuple[Output, Tensor]] = []
        for batch in window:
            with self._parts.precision.forward():
                output = self._parts.task.step(self._parts.model, batch)
            losses = self._losses.scaled(output.losses)
            gradients = self._gradients(losses, parameters, used)
            total = torch.stack(losses).detach().sum()
            items = items_of(output.weight)
            if isinstance(items, Tensor):  # a count of valid items is a whole number
                items = items.to(torch.float32)
            means.add([total, gradients], items)
            results.append((output, total))
        (loss, gradients), _ = means.take()
        products = gradients @ gradients.T
        weights = self._weigh(products if products.device.type == "mps" else products.double())
        _put_gradients(weights.to(gradients.dtype) @ gradients, parameters, used)
        updated = self._parts.updater.update(loss)
        self._after(weights, updated)
        return Done(results, updated)

    def _gradients(
        self, losses: list[Tensor], parameters: list[Tensor], used: list[bool]
    ) -> Tensor:
        """The gradient of each loss by all parameters, (losses, numbers of all parameters)."""
        rows = []
        for position, loss in enumerate(losses):
            more = position + 1 < len(losses)
            found: tuple[Tensor | None, ...] = torch.autograd.grad(
                loss, parameters, retain_graph=more, allow_unused=True
            )
            flat = []
            for at, (parameter, gradient) in enumerate(zip(parameters, found, strict=True)):
                used[at] = used[at] or gradient is not None
                own = torch.zeros_like(parameter) if gradient is None else gradient
                flat.append(own.flatten())
            rows.append(torch.cat(flat))
        return torch.stack(rows)


def _put_gradients(flat: Tensor, parameters: list[Tensor], used: list[bool]) -> None:
    """Give each parameter its part; one that no loss depends on has none, as ever."""
    pieces = torch.split(flat, [parameter.numel() for parameter in parameters])
    for parameter, piece, is_used in zip(parameters, pieces, used, strict=True):
        parameter.grad = piece.view_as(parameter).to(parameter.dtype) if is_used else None
