"""The standard residual network, in the form for small images."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from stride.errors import ConfigError
from stride.training.models.per_layer import each_layer
from stride.training.models.shapes import check_image, check_shape

STAGE_CHANNELS = (32, 64)
STAGE_BLOCKS = 1


class ResidualNetwork(nn.Module):
    """He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, CVPR 2016, section 4.2.

    A 3x3 convolution, then stages of blocks of two 3x3 convolutions with a shortcut, each stage but
    the first at half the height and width, then the mean over the pixels and one dense layer. Batch
    norm follows each convolution. A shortcut that changes the size is a 1x1 convolution (option B).

    Raises:
        ConfigError: settings that contradict each other or the data.
    """

    def __init__(
        self,
        stage_channels: Sequence[int] = STAGE_CHANNELS,
        stage_blocks: int | Sequence[int] = STAGE_BLOCKS,
        input_shape: Sequence[int] | None = None,
        output_shape: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        model = "ResNet"
        image = check_image(check_shape(input_shape, "input_shape", model), "input_shape", model)
        output = check_shape(output_shape, "output_shape", model)
        blocks = each_layer("stage_blocks", stage_blocks, len(stage_channels), model=model)
        if not stage_channels or min(*stage_channels, *blocks) < 1:
            raise ConfigError(
                f"ResNet has stage_channels {list(stage_channels)} and stage_blocks {list(blocks)};"
                " it needs at least one stage, and each number must be at least 1"
            )
        if len(output) != 1:
            raise ConfigError(
                f"the standard residual network gives a vector, and the data asks for"
                f" {list(output)}; leave stage_channels and stage_blocks out for a fully"
                " convolutional one"
            )
        self.stem = nn.Sequential(
            nn.Conv2d(image[0], stage_channels[0], 3, padding=1, bias=False),
            nn.BatchNorm2d(stage_channels[0]),
            nn.ReLU(),
        )
        layers: list[nn.Module] = []
        channels = stage_channels[0]
        for stage, (width, repeats) in enumerate(zip(stage_channels, blocks, strict=True)):
            for block in range(repeats):
                stride = 2 if stage > 0 and block == 0 else 1
                layers.append(ResidualBlock(channels, width, stride))
                channels = width
        self.blocks = nn.Sequential(*layers)
        self.head = nn.Linear(channels, output[0])
        for module in self.modules():
            if isinstance(module, nn.Conv2d):  # He et al., ICCV 2015, equation 10
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, inputs: Tensor) -> Tensor:
        """(batch, channels, height, width) to (batch, outputs)."""
        features = self.blocks(self.stem(inputs))
        outputs: Tensor = self.head(features.mean(dim=(2, 3)))
        return outputs


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut around them (He et al. 2016, figure 2 and equation 1)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(out_channels)
        self.second = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(out_channels)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, inputs: Tensor) -> Tensor:
        """(batch, in_channels, height, width) to (batch, out_channels, height, width) / stride."""
        outputs = functional.relu(self.first_norm(self.first(inputs)))
        outputs = self.second_norm(self.second(outputs))
        return functional.relu(outputs + self.shortcut(inputs))
