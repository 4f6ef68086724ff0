"""Determinism: only algorithms of torch that give the same bits each time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import torch

_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"


@contextlib.contextmanager
def deterministic(wanted: bool) -> Iterator[None]:
    """Where it is wanted, an operation that has only algorithms that differ from time to time
    raises a RuntimeError inside; afterwards all is as before.

    cuBLAS reads its environment variable when it is first used in the process.
    """
    if not wanted:
        yield
        return
    enabled = torch.are_deterministic_algorithms_enabled()
    only_warns = torch.is_deterministic_algorithms_warn_only_enabled()
    tries = torch.backends.cudnn.benchmark
    workspace = os.environ.get(_WORKSPACE)
    try:
        os.environ.setdefault(_WORKSPACE, ":4096:8")
        torch.use_deterministic_algorithms(True)
        torch.backends.cudnn.benchmark = False  # it would choose by time
        yield
    finally:
        torch.backends.cudnn.benchmark = tries
        torch.use_deterministic_algorithms(enabled, warn_only=only_warns)
        if workspace is None:
            os.environ.pop(_WORKSPACE, None)
