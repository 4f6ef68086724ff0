"""A file of tensors: where each lies in the safetensors format, and how it is read back.

The library's own writer copies what it writes; here the bytes go out from where they are.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from stride.errors import StorageError, StoredFileError, VerificationError

DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint64: "U64",
    torch.uint32: "U32",
    torch.uint16: "U16",
    torch.uint8: "U8",
    torch.bool: "BOOL",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
}
"""Types of numbers that the format has, with its names for them."""

METADATA_KEY = "__metadata__"
"""A name that no tensor may have in the format."""


@dataclass(frozen=True)
class Place:
    """Where a tensor lies: `begin` and `end` in bytes after the header."""

    name: str
    dtype: torch.dtype
    shape: torch.Size
    begin: int
    end: int


Shapes = tuple[tuple[str, torch.dtype, torch.Size], ...]
"""Name, type of numbers and shape of each tensor: all that a layout depends on."""


@dataclass(frozen=True)
class Layout:
    """The header of a file of tensors, its length in front, and where each tensor follows.

    Each lies at a multiple of the size of its numbers, counted from the end of the header.
    """

    header: bytes
    places: tuple[Place, ...]
    size: int


def shapes_of(tensors: Mapping[str, Tensor]) -> Shapes:
    """What the layout of the file depends on."""
    return tuple((name, tensor.dtype, tensor.shape) for name, tensor in tensors.items())


def lay_out(shapes: Shapes) -> Layout:
    """Where each tensor lies: larger numbers first, so that all are aligned without gaps.

    Only types of `DTYPES`.
    """
    places: list[Place] = []
    end = 0
    for name, dtype, shape in sorted(shapes, key=lambda one: -one[1].itemsize):
        begin, end = end, end + shape.numel() * dtype.itemsize
        places.append(Place(name, dtype, shape, begin, end))
    entries = {
        place.name: {
            "dtype": DTYPES[place.dtype],
            "shape": list(place.shape),
            "data_offsets": [place.begin, place.end],
        }
        for place in places
    }
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return Layout(len(text).to_bytes(8, "little") + text, tuple(places), end)


def byte_array_of(tensor: Tensor) -> np.ndarray[Any, Any]:
    """The bytes of a tensor, in the order of its elements, of shape (bytes,); no copy of one that
    is contiguous on the CPU.
    """
    plain = tensor.detach().cpu().contiguous()
    plain = plain.as_strided((plain.numel(),), (1,))  # one element may have any stride
    return plain.view(torch.uint8).numpy()


def straight_from(tensors: Mapping[str, Tensor], layout: Layout) -> Iterator[bytes | memoryview]:
    """The bytes of the file, from the tensors themselves, which must not change meanwhile."""
    yield layout.header
    for place in layout.places:
        if place.end > place.begin:
            yield byte_array_of(tensors[place.name]).data


def check_readable(path: Path, names: Collection[str]) -> None:
    """Whether the library can open a file of tensors, and finds those that were meant.

    Raises:
        VerificationError: it cannot, or finds others.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            found = set(file.keys())
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise VerificationError(f"{path} cannot be read back: {error}") from error
    if found != set(names):
        raise VerificationError(f"{path} cannot be read back: it holds other tensors")


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name, on the CPU; their memory is the file's until they are copied.

    Raises:
        StoredFileError: there is none, or it is no safetensors file; a pickle is never opened.
        StorageError: it cannot be read.
    """
    try:
        return dict(safetensors.torch.load_file(path))
    except FileNotFoundError as error:
        raise StoredFileError(f"{path} is missing") from error
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error}") from error
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise StoredFileError(f"{path} is not a safetensors file: {error}") from error
