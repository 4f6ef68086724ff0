"""The multilayer perceptron."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from stride.training.models.activation import build_activation
from stride.training.models.dropout import check_dropout
from stride.training.models.per_layer import per_layer
from stride.training.models.shapes import check_chain, check_shape, size_of

HIDDEN_DIMS = (512, 256)


class MLP(nn.Module):
    """Dense layers, each followed by activation, batch norm and dropout in this order.

    An input of any shape is flattened; an output of several dimensions is given its shape back. The
    output layer is plain unless a list says otherwise.

    Args:
        hidden_dims: number of features of each hidden layer.
        feature_dims: the whole chain from input to output features, instead of hidden_dims.
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
        hidden_dims: Sequence[int] = HIDDEN_DIMS,
        feature_dims: Sequence[int] | None = None,
        activations: str | Sequence[str | None] | None = "ReLU",
        batch_norms: bool | Sequence[bool] = True,
        dropouts: float | Sequence[float] = 0.0,
        input_shape: Sequence[int] | None = None,
        output_shape: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        inputs = check_shape(input_shape, "input_shape", "MLP")
        self.output_shape = check_shape(output_shape, "output_shape", "MLP")
        dims = check_chain(
            "MLP",
            whole=feature_dims,
            whole_key="feature_dims",
            hidden=hidden_dims,
            hidden_default=HIDDEN_DIMS,
            hidden_key="hidden_dims",
            first=size_of(inputs),
            last=size_of(self.output_shape),
        )
        count = len(dims) - 1
        names: tuple[str | None, ...] = per_layer(
            "activations", activations, count, output=None, model="MLP"
        )
        norms = per_layer("batch_norms", batch_norms, count, output=False, model="MLP")
        drops = per_layer("dropouts", dropouts, count, output=0.0, model="MLP")
        layers: list[nn.Module] = [nn.Flatten()]
        for index in range(count):
            layers.append(nn.Linear(dims[index], dims[index + 1]))
            activation = build_activation(names[index])
            if activation is not None:
                layers.append(activation)
            if norms[index]:
                layers.append(nn.BatchNorm1d(dims[index + 1]))
            if check_dropout(drops[index], "MLP") > 0:
                layers.append(nn.Dropout(drops[index]))
        self.layers = nn.Sequential(*layers)

    def forward(self, inputs: Tensor) -> Tensor:
        """(batch, *input_shape) to (batch, *output_shape)."""
        outputs: Tensor = self.layers(inputs)
        return outputs.reshape(-1, *self.output_shape)
