"""Sharding a model: each rank keeps a part of every parameter, gathered when it is used."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils._pytree import tree_map

from stride.errors import ConfigError
from stride.training.precision import Precision
from stride.training.sharding.activation_checkpointing import recompute_activations
from stride.training.sharding.blocks import Blocks


def shard_model(
    model: nn.Module,
    blocks: Blocks,
    mesh: DeviceMesh,
    precision: Precision,
    *,
    activation_checkpointing: bool = False,
) -> None:
    """Shard the model in place: to be done before an optimiser is built.

    Afterwards parameters are `DTensor`s, a rank holding a slice along their first dimension; those
    that are a single number without a dimension stay whole on each rank, and so do buffers. Keys
    of the state stay as they are. Gradients are added up over the ranks, not averaged; what a rank
    adds is its part of the whole, and gradients of what stays whole are the caller's to add up.

    With bf16 the parts are gathered in bf16 and gradients added up in fp32; batch norm is gathered
    in fp32.

    Args:
        model: with the same weights on each rank, on the device of the mesh.
        blocks: of this model.
        mesh: of one dimension, all ranks.
        activation_checkpointing: forget what blocks compute, and compute it again in the backward
            pass: less memory, the same numbers.

    Raises:
        ConfigError: torch cannot shard a parameter, or not all of them together.
    """
    _check_types(model)
    if activation_checkpointing:
        for block in blocks.modules.values():
            recompute_activations(block)
    whole = {each for each in model.parameters() if not each.dim()}
    low = _policy(precision)
    # Inner parts first, so that an outer one takes what is left.
    order = [*reversed(list(blocks.modules.values())), model]
    if precision.name != "fp32":
        order = [*_norms(model, blocks), *order]
    for part in order:
        part.register_forward_hook(_out_of_views)
        exact = isinstance(part, _BatchNorm)
        try:
            fully_shard(
                part,
                mesh=mesh,
                # Also for the outermost, whose parameters would stay whole after an evaluation.
                reshard_after_forward=True,
                mp_policy=MixedPrecisionPolicy(cast_forward_inputs=False) if exact else low,
                ignored_params=whole,
            )
        except (NotImplementedError, ValueError) as error:
            raise ConfigError(
                f"{type(part).__name__} cannot be sharded: {' '.join(str(error).split())}; use"
                " distributed_kwargs.strategy=replicate"
            ) from error
    for part in order:
        assert isinstance(part, FSDPModule)
        part.set_gradient_divide_factor(1.0)
        # gloo knows no other reduction with a factor.
        part.set_force_sum_reduction_for_comms(True)


def _check_types(model: nn.Module) -> None:
    """Whether all that is trained is of one type, so that gradients can be added up together.

    Raises:
        ConfigError: it is not.
    """
    types = {each.dtype for each in model.parameters() if each.requires_grad and each.dim()}
    if len(types) > 1:
        found = " and ".join(sorted(str(each).removeprefix("torch.") for each in types))
        raise ConfigError(
            f"{type(model).__name__} has parameters of {found}, and those that are sharded must be"
            " of one type; use distributed_kwargs.strategy=replicate"
        )


def _out_of_views(module: nn.Module, inputs: Any, output: Any) -> Any:
    """What a part gives, in memory of its own: at its gradient the part is gathered again, and a
    view that is changed in place would lose that.
    """

    def own(value: Any) -> Any:
        is_view = isinstance(value, Tensor) and value.requires_grad and value._is_view()
        return value.clone() if is_view else value

    return tree_map(own, output)


def _policy(precision: Precision) -> MixedPrecisionPolicy:
    """In what weights are gathered and gradients added up; autocast chooses the inputs' types."""
    if precision.name == "fp32":
        return MixedPrecisionPolicy(cast_forward_inputs=False)
    return MixedPrecisionPolicy(
        param_dtype=torch.bfloat16, reduce_dtype=torch.float32, cast_forward_inputs=False
    )


def _norms(model: nn.Module, blocks: Blocks) -> list[nn.Module]:
    """Batch norms that are no block: their statistics are fp32, and so must be their weights."""
    own = {id(module) for module in (model, *blocks.modules.values())}
    return [
        part
        for part in model.modules()
        if isinstance(part, _BatchNorm)
        and id(part) not in own
        and any(True for _ in part.parameters())
    ]
