"""The global generators of Python, NumPy and torch: their state as a tree, and the way back."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

from stride.training.checkpoints.state_tree import Tree


def capture() -> Tree:
    """The state of the global generators; of those on GPUs where this process computes there."""
    version, words, gauss = random.getstate()
    cuda = torch.cuda.get_rng_state_all() if _cuda_is_in_use() else []
    return {
        "python": {"version": version, "words": np.array(words, dtype=np.int64), "gauss": gauss},
        "numpy": np.random.get_state(legacy=False),
        "torch": torch.get_rng_state(),
        "cuda": cuda,
    }


def restore(tree: Tree) -> None:
    """Put the global generators into a state that `capture` gave.

    States of more GPUs than there are now are left out, as there is nothing that would draw.
    """
    python: dict[str, Any] = tree["python"]
    random.setstate((python["version"], tuple(python["words"].tolist()), python["gauss"]))
    np.random.set_state(tree["numpy"])
    torch.set_rng_state(tree["torch"])
    if tree["cuda"]:
        count = torch.cuda.device_count()
        torch.cuda.set_rng_state_all(tree["cuda"][:count])


def _cuda_is_in_use() -> bool:
    """Whether this process computes on GPUs already; asking must not make it begin to."""
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]
