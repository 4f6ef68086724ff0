"""A state of which some tensors are sharded, as JSON that names its tensors; and back.

A sharded tensor stands in the JSON with its name, type, whole shape and the dimension along which
it is cut; nothing there depends on the number of ranks, so that any other number can read it.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor, Shard

from stride.errors import ConfigError
from stride.json_text import JSON
from stride.training.checkpoints.cut import Cut
from stride.training.checkpoints.decoding import decode_tree
from stride.training.checkpoints.state_tree import EncodedTree, Tree, encode_tree
from stride.training.checkpoints.tensor_file import DTYPES
from stride.training.sharding.local import is_sharded

_SHARDED = "sharded tensor"
_KEYS = frozenset({_SHARDED, "dtype", "shape", "dim"})
_TYPES = {name: dtype for dtype, name in DTYPES.items()}


def encode_sharded(tree: Tree, *, rank: int | None = None) -> EncodedTree:
    """Take the tensors out of a tree, sharded and whole ones; nothing is copied.

    Each rank must give a tree of the same form, and gets the same JSON and names. A tensor that
    stands in it twice is written once.

    Args:
        rank: where the tree is what this rank alone knows: names begin with it then, and nothing
            in the tree is sharded.

    Raises:
        ConfigError: something in it cannot be stored; the sentence says where it stands.
    """
    taken = _Taken()
    encoded = encode_tree(taken.node(tree, ()))
    if rank is None:
        return EncodedTree(encoded.skeleton, taken.named(encoded.tensors))
    if taken.tensors:
        raise ConfigError(
            f"{next(iter(taken.tensors))} is sharded, and stands in a state of one rank"
        )
    names = {name: f"rank{rank}:{name}" for name in encoded.tensors}
    return EncodedTree(
        _renamed(encoded.skeleton, names),
        {names[name]: tensor for name, tensor in encoded.tensors.items()},
    )


def decode_sharded(skeleton: JSON, tensors: Mapping[str, Tensor]) -> Tree:
    """The tree that `encode_sharded` was given.

    Args:
        tensors: by name, sharded ones held as whoever read them chose.

    Raises:
        ValueError: it is no such JSON, or names a tensor that is not there.
    """
    tree = decode_tree(skeleton, tensors)

    def put(node: dict[Any, Any]) -> Tree:
        if node[_SHARDED] not in tensors:
            raise ValueError(f"it names a tensor {node[_SHARDED]!r} that is not there")
        return tensors[node[_SHARDED]]

    return _map(tree, lambda node: type(node) is dict and node.keys() == _KEYS, put)


def tensors_named_in(skeleton: JSON) -> dict[str, Cut | None]:
    """The tensors that such a JSON names; how they are cut, None of those that are not.

    Raises:
        ValueError: it is no such JSON.
    """
    found: dict[str, Cut | None] = {}

    def search(node: JSON) -> None:
        if isinstance(node, list):
            for one in node:
                search(one)
        elif isinstance(node, dict):
            if node.keys() == _KEYS:
                found[str(node[_SHARDED])] = _cut_of(node)
            elif isinstance(node.get("$tensor"), str):
                found[str(node["$tensor"])] = None
            else:
                for one in node.values():
                    search(one)

    search(skeleton)
    return found


def _cut_of(node: Mapping[str, Any]) -> Cut:
    try:
        return Cut(_TYPES[node["dtype"]], torch.Size(node["shape"]), int(node["dim"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"it holds no state: {error!r}") from error


class _Taken:
    """Replaces sharded tensors by what stands for them."""

    def __init__(self) -> None:
        self.tensors: dict[str, DTensor] = {}
        self._alike: dict[tuple[Any, ...], list[str]] = {}

    def node(self, value: Tree, path: tuple[Any, ...]) -> Tree:
        """A part of the tree, with what stands for its sharded tensors."""
        if isinstance(value, Tensor) and is_sharded(value):
            return self._stand_in(value, path)
        return _inner(value, lambda one, key: self.node(one, (*path, key)))

    def named(self, whole: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Those that were taken out, and the whole ones."""
        both = self.tensors.keys() & whole.keys()
        assert not both, f"two tensors are named {both}"
        return {**self.tensors, **whole}

    def _stand_in(self, tensor: DTensor, path: tuple[Any, ...]) -> Tree:
        value = cast(DTensor, tensor.detach())
        where = ".".join(map(str, path))
        if len(value.placements) != 1 or not isinstance(value.placements[0], Shard):
            raise ConfigError(f"the state {where} is spread over the ranks in an unknown way")
        if value.dtype not in DTYPES:
            raise ConfigError(
                f"the state {where} is a tensor of {value.dtype}, which no safetensors file can"
                " hold"
            )
        return {
            _SHARDED: self._name(value, f"{where}:sharded"),
            "dtype": DTYPES[value.dtype],
            "shape": list(value.shape),
            "dim": value.placements[0].dim,
        }

    def _name(self, value: DTensor, wanted: str) -> str:
        """The name of the tensor, the one that it has already where it was met.

        That is decided by the memory, not by the address in it: a rank whose parts are empty must
        decide as the others do.
        """
        local = value.to_local()
        place = (local.untyped_storage().data_ptr(), value.shape, value.dtype, value.placements)
        alike = self._alike.setdefault(place, [])
        for name in alike:
            if self.tensors[name].to_local().is_set_to(local):
                return name
        name, count = wanted, 1
        while name in self.tensors:
            count += 1
            name = f"{wanted}#{count}"
        self.tensors[name] = value
        alike.append(name)
        return name


def _inner(value: Tree, function: Callable[[Tree, Any], Tree]) -> Tree:
    """A dict, list or tuple of the same type with other parts; all else as it is."""
    kind = type(value)
    if kind in (dict, OrderedDict, defaultdict):
        return {key: function(one, key) for key, one in value.items()}
    if kind is list or kind is tuple:
        return kind(function(one, index) for index, one in enumerate(value))
    return value


def _map(tree: Tree, applies: Callable[[Tree], bool], function: Callable[[Any], Tree]) -> Tree:
    if applies(tree):
        return function(tree)
    return _inner(tree, lambda one, _: _map(one, applies, function))


def _renamed(skeleton: JSON, names: Mapping[str, str]) -> JSON:
    """The JSON with other names of its tensors."""
    if isinstance(skeleton, list):
        return [_renamed(one, names) for one in skeleton]
    if not isinstance(skeleton, dict):
        return skeleton
    return {
        key: names[one] if key == "$tensor" and isinstance(one, str) else _renamed(one, names)
        for key, one in skeleton.items()
    }
