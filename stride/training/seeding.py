"""Seeds: every source of chance is a function of the config's one seed."""

from __future__ import annotations

import contextlib
import hashlib
import random
from collections.abc import Iterator

import numpy as np
import torch


def derive(seed: int, *labels: str | int) -> int:
    """A seed of its own for one use, as (seed, "order", epoch): 63 bits, the same everywhere."""
    text = ":".join(str(part) for part in (seed, *labels))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def seed_globally(seed: int) -> None:
    """Seed the global generators of Python, NumPy and torch, on all devices; any seed will do."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed % 2**63)


@contextlib.contextmanager
def own_randomness(seed: int) -> Iterator[None]:
    """Seed the global generators inside, and put them back as they were: a training leaves no trace
    there.
    """
    with kept_randomness():
        seed_globally(seed)
        yield


@contextlib.contextmanager
def kept_randomness() -> Iterator[None]:
    """Whatever is drawn inside, the global generators are afterwards as they were."""
    python_state = random.getstate()
    numpy_state = np.random.get_state()
    devices = range(torch.cuda.device_count()) if _cuda_is_in_use() else ()
    with torch.random.fork_rng(devices=devices):
        try:
            yield
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)


def _cuda_is_in_use() -> bool:
    """Whether this process computes on GPUs already; asking must not make it begin to."""
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]
