"""States for the tests: trees of every kind, and whether two are the same to the last bit."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from stride.training.checkpoints.tensor_file import DTYPES, byte_array_of

COMPLEX = [torch.complex64, torch.complex128]


def tensor_of(seed: int, dtype: torch.dtype, shape: list[int], form: str) -> Tensor:
    """A tensor of random bits; `form` says how it lies in memory."""
    generator = torch.Generator().manual_seed(seed)
    count = math.prod(shape) * dtype.itemsize
    bits = torch.randint(0, 256, (count,), dtype=torch.uint8, generator=generator)
    if dtype is torch.bool:
        bits %= 2
    plain = bits.view(dtype).reshape(shape)
    if form == "turned" and plain.dim() > 1:
        return plain.transpose(0, -1).contiguous().transpose(0, -1)
    if form == "part" and plain.dim() > 0:
        return torch.cat([plain, plain])[: shape[0]]
    if form == "sparse" and plain.dim() > 0:
        return torch.stack([plain, plain], dim=-1)[..., 0]
    return plain


TENSORS = st.builds(
    tensor_of,
    st.integers(0, 2**32),
    st.sampled_from([*DTYPES, *COMPLEX]),
    st.lists(st.integers(0, 3), max_size=4),
    st.sampled_from(["plain", "turned", "part", "sparse"]),
)
ARRAYS = st.builds(
    lambda seed, dtype, shape: np.random.default_rng(seed).integers(0, 100, shape).astype(dtype),
    st.integers(0, 2**32),
    st.sampled_from(["f4", "f8", ">f8", "i8", "u4", "u1", "?"]),
    st.lists(st.integers(0, 3), max_size=3),
)
TEXT = st.text(st.characters(), max_size=8) | st.sampled_from(["$", "$tensor", "\ud800", "a.b", ""])
NUMBERS = st.integers() | st.integers(-(2**200), 2**200) | st.floats() | st.booleans() | st.none()
LEAVES = NUMBERS | TEXT | TENSORS | ARRAYS | ARRAYS.map(lambda array: array.dtype.type(7))
KEYS = TEXT | st.integers()
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.dictionaries(KEYS, st.integers(), max_size=3).map(Counter)
    ),
    max_leaves=12,
)


def bits_of(tensor: Tensor) -> bytes:
    """The elements in their order, as bytes."""
    return byte_array_of(tensor.clone(memory_format=torch.contiguous_format)).tobytes()


def same(left: Any, right: Any) -> bool:
    """Whether two trees are equal in type, order and every bit of value."""
    if type(left) is not type(right):
        return False
    if isinstance(left, Tensor):
        facts = left.dtype == right.dtype and left.shape == right.shape
        return facts and bits_of(left) == bits_of(right)
    if isinstance(left, np.ndarray | np.generic):
        return bool(
            left.dtype == right.dtype.newbyteorder("=")
            or left.dtype.newbyteorder("=") == right.dtype
        ) and np.array_equal(left, right)
    if isinstance(left, float):
        if math.isnan(left):
            return math.isnan(right)
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    if isinstance(left, dict):
        return list(left) == list(right) and all(
            same(a, b) for a, b in zip(left.values(), right.values(), strict=True)
        )
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)
