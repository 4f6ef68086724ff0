"""An optimiser's step without the frame that torch puts around it, where nobody looks at that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim import optimizer as torch_optimizer


def quick_step(optimizer: Optimizer) -> Callable[[], Any]:
    """A function that does what `optimizer.step()` does.

    torch wraps each step into an entry of its profiler and two rounds of hooks: 7 µs, a twentieth
    of the whole step of a small model. Without a profiler, a hook, or a scheduler that counts the
    steps, the step inside is called as it is. An optimiser of anybody else's is left alone.
    """
    wrapped = getattr(type(optimizer).step, "__wrapped__", None)
    if wrapped is None or not type(optimizer).__module__.startswith("torch.optim."):
        return optimizer.step
    watchers = [
        torch_optimizer._global_optimizer_pre_hooks,
        torch_optimizer._global_optimizer_post_hooks,
        optimizer._optimizer_step_pre_hooks,
        optimizer._optimizer_step_post_hooks,
    ]
    attributes = vars(optimizer)

    def step() -> None:
        counted = "step" in attributes
        if counted or any(watchers) or torch._C._autograd._profiler_enabled():
            optimizer.step()
        else:
            wrapped(optimizer)

    return step
