"""One convolution layer of a network."""

from __future__ import annotations

from torch import Tensor, nn

from stride.errors import ConfigError
from stride.training.models.activation import build_activation
from stride.training.models.dropout import check_dropout


class Convolution(nn.Module):
    """Convolution with same padding, then activation, batch norm and dropout of whole channels.

    With `skip_channels` a second convolution of the same kernel takes a skip connection, and what
    it gives is added before the activation.

    Raises:
        ConfigError: a kernel below 1, an unknown activation, a dropout out of range.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel: int,
        activation: str | None,
        batch_norm: bool,
        dropout: float,
        skip_channels: int | None = None,
        model: str,
    ) -> None:
        super().__init__()
        if kernel < 1:
            raise ConfigError(f"kernels of {model} holds {kernel}; each must be at least 1")
        self.convolution = nn.Conv2d(in_channels, out_channels, kernel, padding="same")
        self.skip = (
            None
            if skip_channels is None
            else nn.Conv2d(skip_channels, out_channels, kernel, padding="same")
        )
        after: list[nn.Module] = []
        function = build_activation(activation)
        if function is not None:
            after.append(function)
        if batch_norm:
            after.append(nn.BatchNorm2d(out_channels))
        if check_dropout(dropout, model) > 0:
            after.append(nn.Dropout2d(dropout))
        self.after = nn.Sequential(*after)

    def forward(self, inputs: Tensor, skipped: Tensor | None = None) -> Tensor:
        """(batch, in_channels, height, width) to (batch, out_channels, height, width)."""
        outputs = self.convolution(inputs)
        if self.skip is not None and skipped is not None:
            outputs = outputs + self.skip(skipped)
        result: Tensor = self.after(outputs)
        return result
