"""What this rank holds of a tensor, and tensors spread over the ranks like others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from torch import Tensor, nn
from torch.optim import Optimizer

if TYPE_CHECKING:
    from torch.distributed.tensor import DTensor

_PLAIN = (Tensor, nn.Parameter)


def is_sharded(tensor: Tensor) -> TypeGuard[DTensor]:
    """Whether a rank holds only a part of the tensor."""
    if type(tensor) in _PLAIN:
        return False
    # Only here: it takes most of a second to import, and trainings on one process need none.
    from torch.distributed.tensor import DTensor

    return isinstance(tensor, DTensor)


def local_of(tensor: Tensor) -> Tensor:
    """What this rank holds of the tensor, in the same memory: all of it, where it is not sharded.

    Lists of tensors that hold both kinds cannot be computed with; lists of these can.
    """
    if not is_sharded(tensor):
        return tensor
    return tensor.to_local().detach()


def place_like(value: Tensor, target: Tensor) -> Tensor:
    """The value, held as `target` is: a whole one is cut where the target is sharded, without
    talking to other ranks, who must hold the same.

    Args:
        value: of the target's shape. One that is sharded already stays as it is.
    """
    if not is_sharded(target) or is_sharded(value):
        return value
    from torch.distributed.tensor import distribute_tensor

    local = target.to_local()
    return distribute_tensor(
        value.to(local.device), target.device_mesh, target.placements, src_data_rank=None
    )


def place_module_state(module: nn.Module, state: Mapping[str, Any]) -> dict[str, Any]:
    """What `read_module_state` gave, its tensors held as those of the module are."""
    return {**state, "tensors": place_tensors(module, state["tensors"])}


def place_tensors(module: nn.Module, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors by the keys of the module's state, held as those of the module are; other keys and
    shapes are left alone, for loading to refuse.
    """
    own = module.state_dict()
    return {
        key: place_like(value, own[key]) if key in own and own[key].shape == value.shape else value
        for key, value in tensors.items()
    }


def place_optimizer_state(optimizer: Optimizer, state: Mapping[str, Any]) -> dict[str, Any]:
    """A state of the optimiser, its tensors held as their parameters are."""
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    placed: dict[int, Any] = {}
    for position, own in state["state"].items():
        if not int(position) < len(parameters):
            placed[position] = own
            continue
        parameter = parameters[int(position)]
        placed[position] = {
            name: place_like(value, parameter)
            if isinstance(value, Tensor) and value.shape == parameter.shape
            else value
            for name, value in own.items()
        }
    return {**state, "state": placed}
