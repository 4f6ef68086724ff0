"""Exchange: values with tensors in them, from every rank to every rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stride.training.ranks.ranks import Ranks

_TENSOR = "$tensor"


def exchange(ranks: Ranks, value: Any, device: torch.device) -> list[Any]:
    """What each rank gives, in the order of ranks, on every rank; tensors arrive bit by bit, on
    `device`.

    Args:
        value: None, numbers, texts, tensors, arrays, and lists, tuples and mappings of these.

    Raises:
        TypeError: anything else.
    """
    return [_unpacked(each, device) for each in ranks.gather(_packed(value))]


def _packed(value: Any) -> Any:
    if isinstance(value, Tensor):
        plain = value.detach().cpu().contiguous()
        content = plain.reshape(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""
        return {_TENSOR: [str(plain.dtype).removeprefix("torch."), list(plain.shape), content]}
    if isinstance(value, np.ndarray):
        return {"$array": _packed(torch.from_numpy(value.copy()))}
    if isinstance(value, Mapping):
        return {"$map": [[_packed(key), _packed(item)] for key, item in value.items()]}
    if isinstance(value, tuple):
        return {"$tuple": [_packed(item) for item in value]}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_packed(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be sent to other ranks")


def _unpacked(value: Any, device: torch.device) -> Any:
    if isinstance(value, list):
        return [_unpacked(item, device) for item in value]
    if not isinstance(value, dict):
        return value
    if _TENSOR in value:
        name, shape, content = value[_TENSOR]
        dtype: torch.dtype = getattr(torch, name)
        if not content:
            return torch.empty(shape, dtype=dtype, device=device)
        flat = torch.frombuffer(bytearray(content), dtype=torch.uint8)
        return flat.view(dtype).reshape(shape).to(device)
    if "$array" in value:
        return _unpacked(value["$array"], torch.device("cpu")).numpy()
    if "$tuple" in value:
        return tuple(_unpacked(item, device) for item in value["$tuple"])
    return {_unpacked(key, device): _unpacked(item, device) for key, item in value["$map"]}
