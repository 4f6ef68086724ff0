"""Cause: which of several errors names the end of a training, where one may be another's echo."""

from __future__ import annotations

import torch.distributed as dist

from stride.errors import (
    CodeReferenceError,
    ConfigError,
    DataError,
    NonFiniteError,
    StrideError,
)
from stride.training.ranks.watch import Watch

_FOUND_BY_ALL = (CodeReferenceError, ConfigError, DataError, NonFiniteError)
"""What is no echo of another rank's end: all find it, and who says it first is chance."""

_HEARSAY = 3.0  # seconds in which the failure behind a broken connection becomes known


def cause_of(error: BaseException, rank: int, watch: Watch) -> BaseException:
    """The error that names the training's end; see `Ranks.cause`.

    Args:
        error: what was raised on this rank. Only where it is one of the network, the failure of
            another rank is waited for.
    """
    if isinstance(error, _FOUND_BY_ALL):
        return error
    failure = watch.wait_for_failure(_HEARSAY if _is_of_network(error) else 0.0)
    return error if failure is None or failure.rank == rank else failure.error()


def _is_of_network(error: BaseException) -> bool:
    """Whether the error may be the echo of another rank's end."""
    if isinstance(error, StrideError) or not isinstance(error, RuntimeError):
        return False
    text = str(error).lower()
    return isinstance(error, dist.DistError) or "gloo" in text or "nccl" in text
