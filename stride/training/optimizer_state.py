"""The state of an optimiser in a checkpoint, put back with the types that it had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.optim import Optimizer


def put_optimizer_state(
    optimizer: Optimizer, state: Mapping[str, Any], *, hyperparameters: bool = True
) -> None:
    """Load the state. Where torch would convert a tensor to the type of its parameter, it keeps its
    own.

    Args:
        hyperparameters: take the learning rate and all other numbers of the groups as well.

    Raises:
        ValueError: the groups are not those of the optimiser.
    """
    built = [
        {name: value for name, value in group.items() if name != "params"}
        for group in optimizer.param_groups
    ]
    # How to compute is no state: on other ranks, or another device, it may have to be another way.
    groups = [
        {**group, **{name: own[name] for name in ("foreach", "fused") if name in own}}
        for group, own in zip(state["param_groups"], built, strict=False)
    ]
    if len(groups) == len(state["param_groups"]):
        state = {**state, "param_groups": groups}
    optimizer.load_state_dict(dict(state))
    if not hyperparameters:
        for group, numbers in zip(optimizer.param_groups, built, strict=True):
            group.update(numbers)
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    for position, own in state["state"].items():
        loaded = optimizer.state.get(parameters[int(position)], {})
        for name, value in own.items():
            if isinstance(value, Tensor) and isinstance(loaded.get(name), Tensor):
                at = loaded[name]
                if at.dtype != value.dtype:
                    loaded[name] = value.to(at.device)
