"""The randomness of a sample: a function of (seed, split, epoch, index), for data sets that draw
from the global generators of Python, NumPy and torch as for those that take a generator.
"""

from __future__ import annotations

import contextlib
import inspect
import random
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import torch
from torch.utils.data import ConcatDataset, Subset, TensorDataset

from stride.training.datasets.mapped_data import MappedData
from stride.training.datasets.tensor_data import TensorData

_KNOWN: Final = (TensorDataset, TensorData, MappedData)
_GENERATORS: Final = (random.Random, np.random.Generator, np.random.RandomState, torch.Generator)
_64_BITS: Final = 2**64 - 1


def mixed(seed: int, number: int) -> int:
    """The seed of one of many alike, 64 bits; cheaper than `derive`, and as well spread.

    SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
    """
    bits = (seed + (number + 1) * 0x9E3779B97F4A7C15) & _64_BITS
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _64_BITS
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _64_BITS
    return bits ^ (bits >> 31)


def seed_generators(seed: int) -> None:
    """Seed the global generators of this process; 64 bits.

    That of torch keeps the lower half alone and is of the same family as NumPy's, which therefore
    gets the upper half. `torch.manual_seed` would turn to every accelerator as well, at 15 times
    the cost.
    """
    random.seed(seed)
    np.random.seed(seed >> 32)
    torch.default_generator.manual_seed(seed)


@contextlib.contextmanager
def kept_generators() -> Iterator[None]:
    """Whatever is drawn from the global generators inside, they are afterwards as before."""
    python, numpy, of_torch = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        torch.set_rng_state(of_torch)


def may_draw(dataset: object) -> bool:
    """Whether samples may hold chance: unless the data set says `draws_randomness = False`, or is
    known to hold tensors or arrays alone.
    """
    if type(dataset) is Subset:
        return may_draw(dataset.dataset)
    if type(dataset) is ConcatDataset:
        return any(may_draw(part) for part in dataset.datasets)
    declared = getattr(dataset, "draws_randomness", None)  # data sets of others may not have it
    return type(dataset) not in _KNOWN if declared is None else bool(declared)


def takes_generator(method: Callable[..., Any]) -> bool:
    """Whether `__getitem__` or `__getitems__` asks for the generator of the sample."""
    try:
        return "generator" in inspect.signature(method).parameters
    except (TypeError, ValueError):  # written in C
        return False


def private_generators(dataset: object) -> list[str]:
    """The attributes in which a data set keeps generators of its own, whose numbers depend on what
    was drawn before.
    """
    while type(dataset) is Subset:
        dataset = dataset.dataset
    held = getattr(dataset, "__dict__", {})
    return [name for name, value in held.items() if isinstance(value, _GENERATORS)]
