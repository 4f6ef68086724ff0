"""A copy of what this rank holds, from which a checkpoint is written while training goes on."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import DTensor

from stride.training.checkpoints.staging_buffer import StagingBuffer
from stride.training.checkpoints.tensor_file import lay_out, shapes_of
from stride.training.sharding.local import is_sharded, local_of


def copy_shards(
    tensors: Mapping[str, Tensor], buffer: StagingBuffer, mesh: DeviceMesh
) -> dict[str, Tensor]:
    """The tensors with their values of this moment, in the memory of the buffer; valid until it is
    used again. No rank waits for another.

    Args:
        tensors: by name, sharded and whole ones, on any device.
        mesh: that of the CPU, with the ranks of the tensors' own.

    Raises:
        StorageError: there is not so much memory.
    """
    parts = {name: local_of(tensor) for name, tensor in tensors.items()}
    content = buffer.hold(parts)
    _, *pieces = content.pieces()
    memory = torch.frombuffer(pieces[0], dtype=torch.uint8) if pieces else torch.empty(0)
    copies: dict[str, Tensor] = {}
    for place in lay_out(shapes_of(parts)).places:
        if place.end == place.begin:
            part = torch.empty(place.shape, dtype=place.dtype)
        else:
            part = memory[place.begin : place.end].view(place.dtype).view(place.shape)
        whole = tensors[place.name]
        if is_sharded(whole):
            part = DTensor.from_local(
                part,
                mesh,
                whole.placements,
                run_check=False,
                shape=whole.shape,
                stride=whole.stride(),
            )
        copies[place.name] = part
    return copies
