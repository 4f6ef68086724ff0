"""The convolutional network with a dense head."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from stride.errors import ConfigError
from stride.training.models.convolution import Convolution
from stride.training.models.mlp import MLP
from stride.training.models.per_layer import each_layer, per_layer
from stride.training.models.shapes import check_chain, check_image, check_shape

HIDDEN_CHANNELS = (32, 64)
HIDDEN_DIMS = (64,)


class CNet(nn.Module):
    """Convolutions that shrink an image, then dense layers that give a vector.

    Each convolution keeps height and width and is followed by activation, batch norm, dropout of
    whole channels and max pooling. Activations, batch norms and dropouts count all layers:
    convolutions first, then the hidden dense layers, then the output, which is plain unless a list
    says otherwise.

    Args:
        hidden_channels: number of channels of each convolution.
        channels: the chain from the input's channels to the last convolution's, instead of
            hidden_channels.
        kernels: width of the square kernel, one for all convolutions or one each.
        pools: by what height and width are divided after a convolution, one for all or one each.
        hidden_dims: number of features of each hidden dense layer.
        activations: name in torch.nn or null, one for all hidden layers or one a layer.
        batch_norms: whether batch norm follows, one for all hidden layers or one a layer.
        dropouts: probability of dropout, one for all hidden layers or one a layer.
        input_shape: shape of one input; null takes it from the data.
        output_shape: shape of one output; null takes it from the data.

    Raises:
        ConfigError: settings that contradict each other or the data.
    """

    def __init__(
        self,
        hidden_channels: Sequence[int] = HIDDEN_CHANNELS,
        channels: Sequence[int] | None = None,
        kernels: int | Sequence[int] = 3,
        pools: int | Sequence[int] = 2,
        hidden_dims: Sequence[int] = HIDDEN_DIMS,
        activations: str | Sequence[str | None] | None = "ReLU",
        batch_norms: bool | Sequence[bool] = True,
        dropouts: float | Sequence[float] = 0.0,
        input_shape: Sequence[int] | None = None,
        output_shape: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        model = "CNet"
        image = check_image(check_shape(input_shape, "input_shape", model), "input_shape", model)
        chain = check_chain(
            model,
            whole=channels,
            whole_key="channels",
            hidden=hidden_channels,
            hidden_default=HIDDEN_CHANNELS,
            hidden_key="hidden_channels",
            first=image[0],
            last=None,
        )
        count = len(chain) - 1
        total = count + len(hidden_dims) + 1
        widths = each_layer("kernels", kernels, count, model=model)
        divisors = each_layer("pools", pools, count, model=model)
        names: tuple[str | None, ...] = per_layer(
            "activations", activations, total, output=None, model=model
        )
        norms = per_layer("batch_norms", batch_norms, total, output=False, model=model)
        drops = per_layer("dropouts", dropouts, total, output=0.0, model=model)
        height, width = image[1:]
        layers: list[nn.Module] = []
        for index in range(count):
            layers.append(
                Convolution(
                    chain[index],
                    chain[index + 1],
                    kernel=widths[index],
                    activation=names[index],
                    batch_norm=norms[index],
                    dropout=drops[index],
                    model=model,
                )
            )
            if divisors[index] != 1:
                height, width = _shrink(height, width, divisors[index], index)
                layers.append(nn.MaxPool2d(divisors[index]))
        self.convolutions = nn.Sequential(*layers)
        self.head = MLP(
            hidden_dims=hidden_dims,
            activations=names[count:],
            batch_norms=norms[count:],
            dropouts=drops[count:],
            input_shape=(chain[-1], height, width),
            output_shape=check_shape(output_shape, "output_shape", model),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """(batch, channels, height, width) to (batch, *output_shape)."""
        outputs: Tensor = self.head(self.convolutions(inputs))
        return outputs


def _shrink(height: int, width: int, divisor: int, layer: int) -> tuple[int, int]:
    if not 1 <= divisor <= min(height, width):
        raise ConfigError(
            f"pools of CNet divides by {divisor} after convolution {layer}, where the image is"
            f" {height} x {width}: use fewer convolutions, or a pools of 1"
        )
    return height // divisor, width // divisor
