"""The portable weights of a sharded model: whole tensors, put together one after another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from stride.errors import StorageError
from stride.store.checkpoint_manifest import FileFacts
from stride.training.checkpoints.durable_file import write_file
from stride.training.checkpoints.tensor_file import DTYPES, byte_array_of
from stride.training.sharding.local import is_sharded, local_of
from stride.training.task import Task
from stride.training.weights import state_of

_ORDER = (
    *("U64", "I64", "F64", "F32", "U32", "I32", "BF16", "F16", "U16", "I16"),
    *("F8_E4M3", "F8_E5M2", "I8", "U8", "BOOL"),
)
"""Types of numbers in the order in which the library writes them; then comes the name."""


@torch.no_grad()
def write_whole_weights(path: Path | None, model: nn.Module, task: Task) -> FileFacts | None:
    """Write the weights to a file, durably, as `encode_weights` gives them: the same bytes on any
    number of ranks.

    Each rank must call this. One tensor is gathered at a time, and no rank ever holds more. The
    file should be given its name only after that.

    Args:
        path: on the rank that writes; None on the others.

    Returns:
        Size and digest on the rank that writes.

    Raises:
        StorageError: the disk refused; the others know nothing of it.
    """
    tensors, tied = _once(state_of(model, task))
    order = sorted(tensors, key=lambda key: (_ORDER.index(DTYPES[tensors[key].dtype]), key))
    whole = _gathered(tensors, order)
    if path is None:
        for _ in whole:
            pass
        return None
    header = _header(tensors, order, tied)
    try:
        return write_file(path, _pieces(header, whole))
    except StorageError:
        for _ in whole:  # the others wait for this rank
            pass
        raise


def _gathered(tensors: Mapping[str, Tensor], order: list[str]) -> Iterator[Tensor]:
    for key in order:
        tensor = tensors[key].detach()
        yield tensor.full_tensor() if is_sharded(tensor) else tensor


def _pieces(header: bytes, whole: Iterator[Tensor]) -> Iterator[bytes | memoryview]:
    yield header
    for tensor in whole:
        if tensor.numel():
            yield byte_array_of(tensor).data


def _once(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors without those that are another's memory; and of these the key of the other.

    That is decided by the memory, not by the address in it: a rank whose parts are empty must
    decide as the others do.
    """
    tensors: dict[str, Tensor] = {}
    tied: dict[str, str] = {}
    alike: dict[tuple[Any, ...], list[str]] = {}
    for key, value in state.items():
        local = local_of(value)
        address = local.untyped_storage().data_ptr()
        candidates = alike.setdefault((address, value.shape, value.dtype), [])
        for name in candidates:
            if value.numel() and local_of(tensors[name]).is_set_to(local):
                tied[key] = name
                break
        else:
            tensors[key] = value
            candidates.append(key)
    return tensors, tied


def _header(tensors: Mapping[str, Tensor], order: list[str], tied: Mapping[str, str]) -> bytes:
    """What stands before the tensors, as the library writes it."""
    metadata = {"stride": json.dumps({"tied": tied}, sort_keys=True)}
    entries: dict[str, object] = {"__metadata__": metadata}
    end = 0
    for key in order:
        begin, end = end, end + tensors[key].numel() * tensors[key].dtype.itemsize
        entries[key] = {
            "dtype": DTYPES[tensors[key].dtype],
            "shape": list(tensors[key].shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text
