"""The sharding of a training: over which ranks its weights are spread, and how they save them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from stride.config.distributed_kwargs import DistributedKwargs
from stride.errors import ConfigError
from stride.training.precision import Precision
from stride.training.ranks.loopback import inside_machine
from stride.training.ranks.ranks import Ranks

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup
    from torch.distributed.device_mesh import DeviceMesh


@dataclass
class Sharding:
    """What ranks that hold a part of the weights each have in common.

    Attributes:
        settings: of the config.
        mesh: all ranks, on the device that they compute on.
        cpu_mesh: the same on the CPU.
        group: all ranks, for checkpoints alone: these are written beside the training.
        sentence: what was sharded, once it is.
    """

    settings: DistributedKwargs
    mesh: DeviceMesh
    cpu_mesh: DeviceMesh
    group: ProcessGroup
    sentence: str = ""

    def shard(self, model: nn.Module, precision: Precision) -> None:
        """Shard the model in place; see `shard_model`.

        Raises:
            ConfigError: it cannot be sharded, or not as the config says.
        """
        # Only here: they take seconds to import, and other trainings need none of them.
        from stride.training.sharding.blocks import find_blocks
        from stride.training.sharding.shard_model import shard_model

        blocks = find_blocks(model, self.settings.shard)
        self.sentence = blocks.sentence
        shard_model(
            model,
            blocks,
            self.mesh,
            precision,
            activation_checkpointing=self.settings.activation_checkpointing,
        )


def open_sharding(
    settings: DistributedKwargs, ranks: Ranks, device: torch.device
) -> Sharding | None:
    """The sharding that the config asks for; None where each rank holds all, as a process that
    trains alone does. Each rank must call this.

    Raises:
        ConfigError: it says how to shard, and not to.
    """
    if settings.strategy != "shard" and (settings.activation_checkpointing or settings.shard):
        key = "activation_checkpointing" if settings.activation_checkpointing else "shard"
        raise ConfigError(
            f"distributed_kwargs.{key} is said of weights that are sharded: set"
            " distributed_kwargs.strategy=shard, or leave it out"
        )
    if settings.strategy != "shard" or ranks.world_size == 1:
        return None
    from torch.distributed import new_group
    from torch.distributed.device_mesh import init_device_mesh

    shape = (ranks.world_size,)
    with inside_machine(ranks.nodes):
        mesh = init_device_mesh(device.type, shape)
        cpu_mesh = mesh if device.type == "cpu" else init_device_mesh("cpu", shape)
        group = new_group(backend="gloo")
    assert group is not None  # every rank is in it
    return Sharding(settings, mesh, cpu_mesh, group)
