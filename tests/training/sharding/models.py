"""Small models for the tests of sharding."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.distributed import get_rank, get_world_size
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from stride.training.precision import Precision
from stride.training.sharding.blocks import find_blocks
from stride.training.sharding.shard_model import shard_model


class Block(nn.Module):
    """A residual block with a norm, a dropout, and a scalar."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.linear = nn.Linear(width, width)
        self.dropout = nn.Dropout(0.1)
        self.scale = nn.Parameter(torch.tensor(0.5))

    def forward(self, values: Tensor) -> Tensor:
        return values + self.scale * self.dropout(torch.tanh(self.linear(self.norm(values))))


class Net(nn.Module):
    """Widths that no number of ranks divides, buffers, a scalar, one row, and tied weights."""

    def __init__(self, width: int = 9) -> None:
        super().__init__()
        self.inside = nn.Linear(7, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(2))
        self.norm = nn.BatchNorm1d(width)
        self.middle = nn.Linear(width, 7)
        self.outside = nn.Linear(7, width)
        self.outside.weight = self.inside.weight
        self.last = nn.Linear(width, 1)

    def forward(self, values: Tensor) -> Tensor:
        values = self.inside(values)
        for block in self.blocks:
            values = block(values)
        result: Tensor = self.last(self.outside(self.middle(self.norm(values))))
        return result


def build(seed: int = 0) -> Net:
    torch.manual_seed(seed)
    return Net()


def all_ranks() -> DeviceMesh:
    return init_device_mesh("cpu", (get_world_size(),))


def build_sharded(
    mesh: DeviceMesh, seed: int = 0, precision: str = "fp32", *, recompute: bool = False
) -> Net:
    model = build(seed)
    shard_model(
        model,
        find_blocks(model),
        mesh,
        Precision(precision, torch.device("cpu")),  # type: ignore[arg-type]
        activation_checkpointing=recompute,
    )
    return model


def batch(step: int, samples: int = 12) -> Tensor:
    return torch.randn(samples, 7, generator=torch.Generator().manual_seed(step))


def own_part(values: Tensor) -> Tensor:
    return values.tensor_split(get_world_size())[get_rank()]
