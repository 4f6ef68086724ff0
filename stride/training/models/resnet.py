"""ResNet: the residual network that the data and the settings ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import nn

from stride.errors import ConfigError
from stride.training.models.fcnn import FCNN, HIDDEN_CHANNELS
from stride.training.models.residual_network import STAGE_BLOCKS, STAGE_CHANNELS, ResidualNetwork
from stride.training.models.shapes import check_shape


def build_resnet(
    stage_channels: Sequence[int] | None = None,
    stage_blocks: int | Sequence[int] | None = None,
    hidden_channels: Sequence[int] | None = None,
    channels: Sequence[int] | None = None,
    kernels: int | Sequence[int] | None = None,
    activations: str | Sequence[str | None] | None = None,
    batch_norms: bool | Sequence[bool] | None = None,
    dropouts: float | Sequence[float] | None = None,
    skip_connections: Mapping[str, int] | None = None,
    input_shape: Sequence[int] | None = None,
    output_shape: Sequence[int] | None = None,
) -> nn.Module:
    """Build one of two networks; which one can be told from the settings and the shapes alone.

    From an image to a vector it is the standard residual network, `ResidualNetwork`. From an image
    to an image, or where any setting of its layers is given (hidden_channels to skip_connections),
    it is the fully convolutional network with skip connections, `FCNN`.

    Args:
        stage_channels: channels of each stage of the standard network; null: [32, 64].
        stage_blocks: residual blocks of each stage, one number for all or one each; null: 1.
        hidden_channels: channels of each hidden layer of the fully convolutional network; null:
            [32, 32, 32, 32].
        channels: its whole chain from input to output channels, instead of hidden_channels.
        kernels: width of its square kernels, one for all layers or one a layer; null: 3.
        activations: name in torch.nn, one for all its hidden layers or one a layer; null: ReLU.
        batch_norms: whether batch norm follows, one for all its hidden layers or one a layer; null:
            true.
        dropouts: probability of dropout, one for all its hidden layers or one a layer; null: 0.
        skip_connections: to which of its layers from which earlier one, both counted from 0; null:
            to every second layer from the one two before.
        input_shape: shape of one input; null takes it from the data.
        output_shape: shape of one output; null takes it from the data.

    Raises:
        ConfigError: settings of both networks, or settings that contradict each other or the data.
    """
    of_stages = {"stage_channels": stage_channels, "stage_blocks": stage_blocks}
    of_layers = {
        "hidden_channels": hidden_channels,
        "channels": channels,
        "kernels": kernels,
        "activations": activations,
        "batch_norms": batch_norms,
        "dropouts": dropouts,
        "skip_connections": skip_connections,
    }
    given_stages = [key for key, value in of_stages.items() if value is not None]
    given_layers = [key for key, value in of_layers.items() if value is not None]
    if given_stages and given_layers:
        raise ConfigError(
            f"ResNet is given {given_stages[0]}, of the standard residual network, and"
            f" {given_layers[0]}, of the fully convolutional one; give settings of one of them"
        )
    output = check_shape(output_shape, "output_shape", "ResNet")
    if given_stages or (len(output) == 1 and not given_layers):
        return ResidualNetwork(
            STAGE_CHANNELS if stage_channels is None else stage_channels,
            STAGE_BLOCKS if stage_blocks is None else stage_blocks,
            input_shape,
            output_shape,
        )
    if hidden_channels is None:
        hidden_channels = HIDDEN_CHANNELS if channels is not None else (32, 32, 32, 32)
    if skip_connections is None:
        layers = len(hidden_channels) if channels is None else len(channels) - 2
        skip_connections = {str(layer): layer - 2 for layer in range(2, layers, 2)}
    return FCNN(
        hidden_channels,
        channels,
        3 if kernels is None else kernels,
        "ReLU" if activations is None else activations,
        True if batch_norms is None else batch_norms,
        0.0 if dropouts is None else dropouts,
        skip_connections,
        input_shape,
        output_shape,
    )
