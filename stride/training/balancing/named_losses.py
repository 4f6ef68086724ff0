"""The losses of a task as one tensor: in a fixed order, each times the factor of the config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from stride.errors import ConfigError


class NamedLosses:
    """Takes the losses of an output by name.

    Attributes:
        names: as `Task.loss_names` has them.
        factors: those of `fit_kwargs.balancing.weights`, (losses,), on the device.
    """

    def __init__(
        self, names: Sequence[str], factors: Mapping[str, float], device: torch.device
    ) -> None:
        self.names = tuple(names)
        self.factors = torch.tensor([factors.get(name, 1.0) for name in names], device=device)

    def stack(self, losses: Tensor | Mapping[str, Tensor]) -> Tensor:
        """The losses times their factors, (losses,), in fp32 at least, with gradients.

        Raises:
            ConfigError: they are not those that the task said.
        """
        given = {} if isinstance(losses, Tensor) else losses
        if given.keys() != set(self.names):
            found = f"those named {', '.join(given)}" if given else "one without a name"
            raise ConfigError(
                "fit_kwargs.balancing: each step must give the losses of the task's `loss_names`,"
                f" {', '.join(self.names)}, and this one gave {found}"
            )
        return torch.stack([given[name] for name in self.names]) * self.factors
