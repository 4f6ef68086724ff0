"""The way back: a tree from the JSON and the tensors of a checkpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from stride.json_text import JSON
from stride.training.checkpoints.state_tree import MARK, Tree


def decode_tree(skeleton: JSON, tensors: Mapping[str, Tensor]) -> Tree:
    """The tree that `encode_tree` was given, with tensors in memory of their own.

    Raises:
        ValueError: it is no such JSON, or names a tensor that is not there.
    """
    try:
        return _Decoder(tensors).node(skeleton)
    except (KeyError, TypeError, IndexError, RuntimeError) as error:
        raise ValueError(f"it holds no state: {error!r}") from error


class _Decoder:
    """Builds a tree; a tensor that stands in it twice is one object again."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._stored = tensors
        self._tensors: dict[str, Tensor] = {}
        self._words: Mapping[str, Callable[[Any], Tree]] = {
            "$text": lambda text: bytes.fromhex(text).decode("utf-8", "surrogatepass"),
            "$integer": lambda text: int(text, 16),
            "$float": float,
            "$tuple": lambda nodes: tuple(map(self.node, nodes)),
            "$dict": lambda items: dict(map(self._item, items)),
            "$counter": lambda items: Counter(dict(map(self._item, items))),
            "$complex": lambda node: torch.view_as_complex(self.node(node)),
            "$array": lambda node: self.node(node).numpy(),
            "$number": lambda node: self.node(node).numpy()[()],
        }

    def node(self, value: JSON) -> Tree:
        """The part of the tree that a part of the JSON stands for."""
        if isinstance(value, list):
            return [self.node(one) for one in value]
        if not isinstance(value, dict):
            return value
        first = next(iter(value), "")
        if not first.startswith(MARK):
            return {key: self.node(one) for key, one in value.items()}
        if first == "$tensor":
            return self._tensor(value[first], value.get("strides"))
        return self._words[first](value[first])

    def _item(self, pair: list[JSON]) -> tuple[Tree, Tree]:
        return self.node(pair[0]), self.node(pair[1])

    def _tensor(self, name: str, strides: list[int] | None) -> Tensor:
        if name not in self._tensors:
            stored = self._stored[name]
            if strides is None:
                self._tensors[name] = stored.clone()
            else:
                own = torch.empty_strided(stored.shape, strides, dtype=stored.dtype)
                self._tensors[name] = own.copy_(stored)
        return self._tensors[name]
