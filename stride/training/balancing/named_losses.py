"""The losses of a task in a fixed order, each times the factor of the config."""

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
        self._factors = [factors.get(name, 1.0) for name in names]
        self.factors = torch.tensor(self._factors, device=device)

    def scaled(self, losses: Tensor | Mapping[str, Tensor]) -> list[Tensor]:
        """The losses times their factors: scalars, in fp32 at least, with gradients.

        They are not one tensor: a way back from one of them must not lead through the others.

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
        return [
            _exact(given[name]) * factor
            for name, factor in zip(self.names, self._factors, strict=True)
        ]


def _exact(loss: Tensor) -> Tensor:
    return loss.to(torch.promote_types(loss.dtype, torch.float32))
