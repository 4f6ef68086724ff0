"""The compiler: whether this machine has one, and modules computed by compiled code."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from stride.errors import ConfigError
from stride.training.task import Task


def check_compiler(device: torch.device) -> None:
    """Whether torch.compile works here: a function of one line is compiled and called.

    Raises:
        ConfigError: it does not; mostly there is no C++ compiler, or on a GPU no Triton.
    """

    def plus_one(values: torch.Tensor) -> torch.Tensor:
        return values + 1

    try:
        torch.compile(plus_one, dynamic=False)(torch.zeros(2, device=device))
    except Exception as error:
        needed = "Triton" if device.type == "cuda" else "a C++ compiler (g++ or clang++)"
        raise ConfigError(
            f"fit_kwargs.compile needs {needed} and the headers of Python on this machine, and"
            f" torch.compile fails: {_reason(error)}; install it, or set fit_kwargs.compile=false"
        ) from error


def compile_modules(model: nn.Module, task: Task) -> Callable[[], None]:
    """Compile the model in place, and the modules inside a task that is one: keys of the weights
    stay as they are. The code is made when they are first called; gives a function that undoes it.

    Each shape of a batch has code of its own: with code for any shape, which of the two computes a
    batch would depend on the batches before it, and a resumed training would not be the same.
    """
    compiled = [model, *(task.children() if isinstance(task, nn.Module) else ())]
    for module in compiled:
        module.compile(dynamic=False)

    def undo() -> None:
        for module in compiled:
            module._compiled_call_impl = None

    return undo


def _reason(error: BaseException) -> str:
    """The first line of what went wrong, of the innermost cause."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".")
