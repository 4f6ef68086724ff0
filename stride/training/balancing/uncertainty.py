"""Learned uncertainty: Kendall, Gal, Cipolla, "Multi-task learning using uncertainty to weigh
losses for scene geometry and semantics" (CVPR 2018).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from stride.training.balancing.weighing import Weighing


class Uncertainty(Weighing):
    """A learned noise for each loss: the sum of L_k / sigma_k^2 + log sigma_k is minimised (their
    equation 10, as it is for classification; a squared error wants the factor 1/2 besides).

    What is learned is s_k = log sigma_k^2, as they do: the weight exp(-s_k) is always above zero,
    and 1 at the beginning. Where losses stand still, s_k = log(2 L_k).

    Attributes:
        log_variances: s, (losses,), for the optimiser.
    """

    def __init__(self, count: int, device: torch.device) -> None:
        self.log_variances = nn.Parameter(torch.zeros(count, device=device))

    def weights(self) -> Tensor:
        """exp(-s)."""
        return torch.exp(-self.log_variances.detach())

    def begin_window(self) -> None:
        """Nothing is gathered: the optimiser does it all."""

    def total(self, losses: Sequence[Tensor], items: Tensor | float) -> Tensor:
        """The weighted sum, and the price of the noise."""
        stacked = torch.stack(list(losses))
        return (torch.exp(-self.log_variances) * stacked + 0.5 * self.log_variances).sum()

    def end_window(self) -> None:
        """The optimiser did its step."""

    def begin_epoch(self, epoch: int) -> None:
        """Nothing changes."""

    def state_dict(self) -> dict[str, Any]:
        """What was learned; its moments are the optimiser's."""
        return {"log_variances": self.log_variances.detach()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it up."""
        with torch.no_grad():
            self.log_variances.copy_(state["log_variances"])
