"""A device that has no memory left for a step: how to see it, and what to do."""

from __future__ import annotations

import logging

import torch

from stride.errors import OutOfMemoryError
from stride.training.parts import Parts

_logger = logging.getLogger(__name__)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an allocation of torch failed, on an accelerator or on the CPU."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def split_further(parts: Parts, accumulate: int, step: int, reason: str) -> int:
    """Into how many micro-batches the batches are cut from now on, where `accumulate` were too few.

    Args:
        step: that ran out of memory.
        reason: what torch said.

    Raises:
        OutOfMemoryError: this was not asked for, or cannot be; with what would help.
    """
    size, device = parts.train.batch_size, parts.device
    asked = parts.fit_kwargs.on_out_of_memory == "split"
    if not asked or not parts.may_split or accumulate >= size:
        raise OutOfMemoryError(
            f"step {step} ran out of memory on {device} with micro-batches of"
            f" {-(-size // accumulate)} samples; set fit_kwargs.accumulate={accumulate * 2}, a"
            " smaller load_data_kwargs.train_loader_kwargs.batch_size, fit_kwargs.precision=bf16,"
            f" or fit_kwargs.on_out_of_memory=split ({reason.partition(chr(10))[0][:200]})"
        )
    further = min(accumulate * 2, size)
    _logger.warning(
        "step %d ran out of memory: batches are cut into %d micro-batches from here on",
        step,
        further,
    )
    return further
