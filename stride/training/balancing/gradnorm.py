"""GradNorm: Chen, Badrinarayanan, Lee, Rabinovich, "GradNorm: gradient normalization for adaptive
loss balancing in deep multitask networks" (ICML 2018).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from stride.errors import ConfigError
from stride.training.balancing.weighing import Weighing
from stride.training.balancing.window_means import WindowMeans
from stride.training.optimizer_state import put_optimizer_state
from stride.training.ranks.ranks import ONE, Ranks


def target_norms(norms: Tensor, losses: Tensor, initial: Tensor, alpha: float) -> Tensor:
    """Their equation 2: what the gradient norms of the weighted losses should be, (losses,).

    mean(G) * r_i^alpha with the relative inverse training rate
    r_i = (L_i / L_i(0)) / mean_j(L_j / L_j(0)): a loss that has fallen less gets a larger gradient.

    Args:
        norms: G_i, of the weighted losses.
        losses: L_i, not weighted.
        initial: L_i(0), those of the first step.
    """
    ratios = losses / initial
    return norms.mean() * (ratios / ratios.mean()) ** alpha


def renormalised(logarithms: Tensor) -> Tensor:
    """Logarithms of weights in the same proportions that sum to the number of losses."""
    return torch.log_softmax(logarithms, 0) + torch.log(logarithms.new_tensor(len(logarithms)))


class GradNorm(Weighing):
    """Weights that make the gradients of the losses at the last shared layer alike in norm, and
    larger where a loss lags behind.

    After each step the weights go down the gradient of sum_i |G_i - target_i|, targets held
    constant, and are renormalised (their algorithm 1). Gradients, norms and losses are those of the
    whole window: over its micro-batches, and over all ranks. A window in which one of them is not
    finite changes no target and pulls at no weight.

    The descent is Adam's, on the logarithms of the weights: where losses differ 100-fold and
    gradients 10,000-fold, a weight must be held at 1e-4, which no step that is added to it could.

    Args:
        names: of the losses, for sentences.
        shared: the weights of the last shared layer.
        lr: of the weights.
    """

    def __init__(
        self,
        names: Sequence[str],
        shared: Sequence[nn.Parameter],
        device: torch.device,
        *,
        alpha: float,
        lr: float,
        ranks: Ranks = ONE,
    ) -> None:
        self._names = tuple(names)
        self._shared = tuple(shared)
        self._alpha = alpha
        self._logarithms = torch.zeros(len(self._names), device=device)
        self._optimizer = torch.optim.Adam([self._logarithms], lr=lr)
        self._initial = torch.full_like(self._logarithms, torch.nan)  # not known yet
        self._window = WindowMeans(ranks)
        self._frozen = False

    def weights(self) -> Tensor:
        """Above zero; they sum to the number of losses."""
        return self._logarithms.exp()

    def begin_window(self) -> None:
        """Forget what was gathered."""
        self._window.clear()
        self._frozen = not all(each.requires_grad for each in self._shared)

    def total(self, losses: Sequence[Tensor], items: Tensor | float) -> Tensor:
        """The weighted sum; the gradient of each loss at the shared layer is gathered.

        Raises:
            ConfigError: a loss has none.
        """
        stacked = torch.stack(list(losses))
        if not self._frozen:
            gradients = [self._gradient(position, loss) for position, loss in enumerate(losses)]
            self._window.add([stacked.detach(), torch.stack(gradients)], items)
        return (self.weights() * stacked).sum()

    def _gradient(self, position: int, loss: Tensor) -> Tensor:
        """The gradient of a loss at the shared layer, (its weights,)."""
        found: tuple[Tensor | None, ...] = torch.autograd.grad(
            loss, self._shared, retain_graph=True, allow_unused=True
        )
        flat = [each.flatten().float() for each in found if each is not None]
        if len(flat) < len(self._shared):
            raise ConfigError(
                f"fit_kwargs.balancing: the loss {self._names[position]} does not depend on all of"
                " the weights that the task's `shared_parameters` gives; GradNorm needs those of"
                " the last layer that all losses share"
            )
        return torch.cat(flat)

    def end_window(self) -> None:
        """One step of the weights."""
        if self._frozen:  # nothing is learned at the shared layer, so nothing is to be balanced
            return
        (losses, gradients), _ = self._window.take()
        norms = self.weights() * torch.linalg.vector_norm(gradients, dim=1)
        finite = losses.isfinite().all() & norms.isfinite().all()
        first = self._initial.isnan() & finite
        self._initial = torch.where(first, losses, self._initial)
        target = target_norms(norms, losses, self._initial, self._alpha)
        # The gradient of |G_i - target_i| by log w_i, G_i being w_i times a constant.
        gradient = torch.sign(norms - target) * norms
        self._logarithms.grad = torch.where(finite & gradient.isfinite(), gradient, 0.0)
        self._optimizer.step()
        self._logarithms.copy_(renormalised(self._logarithms))

    def begin_epoch(self, epoch: int) -> None:
        """Nothing changes."""

    def state_dict(self) -> dict[str, Any]:
        """The weights, how they are moving, and the first losses."""
        return {
            "logarithms": self._logarithms,
            "initial": self._initial,
            "optimizer": self._optimizer.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it up."""
        self._logarithms.copy_(state["logarithms"])
        self._initial = state["initial"].to(self._initial.device, copy=True)
        put_optimizer_state(self._optimizer, state["optimizer"])
