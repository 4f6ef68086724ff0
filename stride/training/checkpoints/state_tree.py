"""The state of a training as a tree, and how it becomes JSON and tensors, exactly.

A tree is None, bool, int, float (nan and the infinities too), str, a tensor, a NumPy array or
number, or a dict (keys are str or int), list, tuple or Counter of trees. What JSON has no word for
stands in it as an object with one key that begins with `$`.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from stride.errors import ConfigError
from stride.json_text import JSON
from stride.training.checkpoints.tensor_file import DTYPES, METADATA_KEY

Tree = Any
"""A state; see the module."""

MARK = "$"
"""Begins the keys that stand for what JSON has no word for."""

_COMPLEX = frozenset({torch.complex32, torch.complex64, torch.complex128})
_DICTS = frozenset({dict, OrderedDict, defaultdict})
_DEEPEST = 200
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


@dataclass(frozen=True)
class EncodedTree:
    """A tree in two parts: JSON that names the tensors, and the tensors by name.

    The tensors are those of the tree, not copies.
    """

    skeleton: JSON
    tensors: dict[str, Tensor]


def encode_tree(tree: Tree) -> EncodedTree:
    """Take the tensors out of a tree. A tensor that stands in it twice is written once.

    Raises:
        ConfigError: something in it cannot be stored; the sentence says where it stands.
    """
    encoder = _Encoder()
    return EncodedTree(encoder.node(tree, ()), encoder.tensors)


def check_encodable(tree: Tree) -> None:
    """Whether a checkpoint can hold the tree.

    Raises:
        ConfigError: it cannot; the sentence says what stands where.
    """
    encode_tree(tree)


class _Encoder:
    """Walks a tree once and collects its tensors."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._names: dict[tuple[Any, ...], str] = {}

    def node(self, value: Tree, path: tuple[str | int, ...]) -> JSON:
        """The JSON of a part of the tree."""
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is str:
            return value if _is_plain(value) else {"$text": _as_hex(value)}
        if kind is int:
            return value if _SMALLEST <= value <= _LARGEST else {"$integer": hex(value)}
        if kind is float:
            return value if math.isfinite(value) else {"$float": repr(value)}
        if len(path) > _DEEPEST:
            raise ConfigError(f"{_text(path[:4])} is nested too deep, or contains itself")
        if kind in _DICTS:
            return self._dict(value, path)
        if kind is list:
            return [self.node(one, (*path, index)) for index, one in enumerate(value)]
        if kind is tuple or kind is torch.Size:
            return {"$tuple": [self.node(one, (*path, index)) for index, one in enumerate(value)]}
        if kind is Counter:
            return {"$counter": self._items(value, path)}
        if isinstance(value, Tensor):
            return self._tensor(value, path)
        if isinstance(value, np.ndarray):
            return {"$array": self._tensor(_from_numpy(value, path), path)}
        if isinstance(value, np.generic):
            return {"$number": self._tensor(_from_numpy(np.asarray(value), path), path)}
        raise _refusal(value, path)

    def _dict(self, value: dict[Any, Any], path: tuple[str | int, ...]) -> JSON:
        for key in value:
            if type(key) is not str or key.startswith(MARK) or not _is_plain(key):
                return {"$dict": self._items(value, path)}
        return {key: self.node(one, (*path, key)) for key, one in value.items()}

    def _items(self, value: dict[Any, Any], path: tuple[str | int, ...]) -> list[list[JSON]]:
        for key in value:
            if type(key) is not str and type(key) is not int:
                raise ConfigError(
                    f"the key {key!r} of {_text(path)} is a {type(key).__name__}, and those of a"
                    " state that a checkpoint can hold are text or integers"
                )
        return [[self.node(key, ()), self.node(one, (*path, key))] for key, one in value.items()]

    def _tensor(self, value: Tensor, path: tuple[str | int, ...]) -> JSON:
        if type(value) not in (Tensor, nn.Parameter):
            raise _refusal(value, path)
        if value.layout is not torch.strided or value.device.type == "meta":
            raise ConfigError(
                f"{_text(path)} is a {value.layout} tensor on {value.device}, and a checkpoint"
                " holds dense ones with values"
            )
        value = value.detach()
        if value.dtype in _COMPLEX:
            return {"$complex": self._tensor(torch.view_as_real(value.resolve_conj()), path)}
        if value.dtype not in DTYPES:
            raise ConfigError(
                f"{_text(path)} is a tensor of {value.dtype}, which no safetensors file can hold"
            )
        value = value.resolve_neg()
        node = {"$tensor": self._name(value, path)}
        # Fused optimisers walk memory, so that a state must come back in the order in which it lay.
        if not value.is_contiguous() and _is_dense(value):
            return {**node, "strides": list(value.stride())}
        return node

    def _name(self, value: Tensor, path: tuple[str | int, ...]) -> str:
        """The name of the tensor in the file, the one that it has already where it was met."""
        place = (
            *(value.device, value.untyped_storage().data_ptr(), value.storage_offset()),
            *(value.shape, value.stride(), value.dtype),
        )
        if value.numel() and place in self._names:
            return self._names[place]
        wanted = ".".join(map(str, path)).encode("utf-8", "replace").decode() or "tensor"
        name, count = wanted, 1
        while name in self.tensors or name == METADATA_KEY:
            count += 1
            name = f"{wanted}#{count}"
        self.tensors[name] = value
        self._names[place] = name
        return name


def _is_plain(text: str) -> bool:
    """Whether UTF-8 can hold the text: half of a surrogate pair is no character."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_hex(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").hex()


def _is_dense(value: Tensor) -> bool:
    """Whether the elements fill their memory, each place once, in whatever order."""
    expected = 1
    for stride, size in sorted(zip(value.stride(), value.shape, strict=True)):
        if size != 1:
            if stride != expected:
                return False
            expected *= size
    return True


def _from_numpy(value: np.ndarray[Any, Any], path: tuple[str | int, ...]) -> Tensor:
    try:
        return torch.from_numpy(np.array(value, dtype=value.dtype.newbyteorder("=")))
    except TypeError as error:
        raise _refusal(value, path) from error


def _refusal(value: object, path: tuple[str | int, ...]) -> ConfigError:
    kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    return ConfigError(
        f"{_text(path)} is a {kind}, which a checkpoint cannot hold; keep numbers, text, tensors,"
        " and dicts, lists and tuples of them in the state"
    )


def _text(path: Iterable[str | int]) -> str:
    """Where in the state something stands, for a sentence."""
    return "the state " + (".".join(map(str, path)) or "itself")
