"""The fully convolutional network, with skip connections where they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from stride.errors import ConfigError
from stride.training.models.convolution import Convolution
from stride.training.models.per_layer import each_layer, per_layer
from stride.training.models.shapes import check_chain, check_image, check_shape

HIDDEN_CHANNELS = (32, 32)


class FCNN(nn.Module):
    """Convolutions with same padding: an image in, an image of the same height and width out.

    Each layer is convolution, activation, batch norm, dropout of whole channels, in this order; the
    output layer is plain unless a list says otherwise. Where the data asks for a vector, such as
    one number a class, the channels of the last layer are averaged over the pixels (global average
    pooling: Lin, Chen, Yan: Network in Network, ICLR 2014, section 3.2).

    Args:
        hidden_channels: number of channels of each hidden layer.
        channels: the whole chain from input to output channels, instead of hidden_channels.
        kernels: width of the square kernel, one for all layers or one a layer.
        activations: name in torch.nn or null, one for all hidden layers or one a layer.
        batch_norms: whether batch norm follows, one for all hidden layers or one a layer.
        dropouts: probability of dropout, one for all hidden layers or one a layer.
        skip_connections: to which layer from which earlier one, both counted from 0. The output of
            the one passes a convolution of its own and is added before the activation of the other.
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
        activations: str | Sequence[str | None] | None = "ReLU",
        batch_norms: bool | Sequence[bool] = True,
        dropouts: float | Sequence[float] = 0.0,
        skip_connections: Mapping[str, int] | None = None,
        input_shape: Sequence[int] | None = None,
        output_shape: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        model = "FCNN"
        image = check_image(check_shape(input_shape, "input_shape", model), "input_shape", model)
        output = check_shape(output_shape, "output_shape", model)
        self.pools = len(output) == 1
        if not self.pools and output[1:] != image[1:]:
            raise ConfigError(
                f"{model} keeps height and width, and the data asks for {list(output)}"
                f" from {list(image)}"
            )
        chain = check_chain(
            model,
            whole=channels,
            whole_key="channels",
            hidden=hidden_channels,
            hidden_default=HIDDEN_CHANNELS,
            hidden_key="hidden_channels",
            first=image[0],
            last=output[0],
        )
        count = len(chain) - 1
        widths = each_layer("kernels", kernels, count, model=model)
        names: tuple[str | None, ...] = per_layer(
            "activations", activations, count, output=None, model=model
        )
        norms = per_layer("batch_norms", batch_norms, count, output=False, model=model)
        drops = per_layer("dropouts", dropouts, count, output=0.0, model=model)
        self.skips = check_skips(skip_connections or {}, count)
        self.layers = nn.ModuleList(
            Convolution(
                chain[index],
                chain[index + 1],
                kernel=widths[index],
                activation=names[index],
                batch_norm=norms[index],
                dropout=drops[index],
                skip_channels=chain[self.skips[index] + 1] if index in self.skips else None,
                model=model,
            )
            for index in range(count)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """(batch, channels, height, width) to (batch, *output_shape)."""
        outputs: list[Tensor] = []
        current = inputs
        for index, layer in enumerate(self.layers):
            skipped = outputs[self.skips[index]] if index in self.skips else None
            current = layer(current, skipped)
            outputs.append(current)
        return current.mean(dim=(2, 3)) if self.pools else current


def check_skips(skips: Mapping[str, int] | Mapping[int, int], layers: int) -> dict[int, int]:
    """Skip connections as layer numbers: in JSON the keys are text.

    Raises:
        ConfigError: a layer that is not there, or one that would take from itself or a later one.
    """
    checked: dict[int, int] = {}
    for key, source in skips.items():
        if not str(key).isdecimal():
            raise ConfigError(f"skip_connections: {key!r} is no number of a layer")
        target = int(key)
        if not 0 <= source < target < layers:
            raise ConfigError(
                f"skip_connections leads to layer {target} from layer {source}: it must lead to a"
                f" later layer, and the {layers} layers are numbered from 0 to {layers - 1}"
            )
        checked[target] = source
    return checked
