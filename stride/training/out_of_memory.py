"""A device that has no memory left for a step: how to see it, and what to say."""

from __future__ import annotations

import torch

from stride.errors import OutOfMemoryError


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an allocation of torch failed, on an accelerator or on the CPU."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def out_of_memory_error(
    step: int, device: torch.device, *, batch_size: int, accumulate: int, reason: str
) -> OutOfMemoryError:
    """The error of a training that ends for it, with what would help."""
    return OutOfMemoryError(
        f"step {step} ran out of memory on {device} with micro-batches of"
        f" {-(-batch_size // accumulate)} samples; set fit_kwargs.accumulate={accumulate * 2}, a"
        " smaller load_data_kwargs.train_loader_kwargs.batch_size, fit_kwargs.precision=bf16, or"
        f" fit_kwargs.on_out_of_memory=split ({reason.partition(chr(10))[0][:200]})"
    )
