"""Storage of shards for torch's distributed checkpoints: safetensors files, read slice by slice."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import safetensors
import torch
from torch.distributed.checkpoint.metadata import (
    ChunkStorageMetadata,
    Metadata,
    MetadataIndex,
    TensorProperties,
    TensorStorageMetadata,
)
from torch.distributed.checkpoint.planner import LoadPlan, LoadPlanner, ReadItem
from torch.distributed.checkpoint.storage import StorageReader
from torch.futures import Future

from stride.training.checkpoints.tensor_file import DTYPES

OFFSETS_KEY = "DCP_SHARDING_INFO"
"""Metadata of a file: where in the whole tensor each part begins, in the words of torch."""

_TYPES = {name: dtype for dtype, name in DTYPES.items()}


class ShardStorage(StorageReader):
    """The tensors in the files of all ranks that wrote.

    torch's own reader of such files looks at whatever lies in their folder.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._places: dict[MetadataIndex, Path] = {}

    def reset(self, checkpoint_id: str | os.PathLike[str] | None = None) -> None:
        """Nothing to begin anew."""

    def read_metadata(self, *args: Any, **kwargs: Any) -> Metadata:
        """Which parts of which tensors there are, from the headers.

        Raises:
            KeyError, ValueError: a header says not where its tensors begin.
        """
        parts: dict[str, list[ChunkStorageMetadata]] = {}
        types: dict[str, torch.dtype] = {}
        for path in self._paths:
            with safetensors.safe_open(path, framework="pt") as file:
                offsets = json.loads((file.metadata() or {})[OFFSETS_KEY])
                for key in file.keys():  # noqa: SIM118  it is no mapping
                    stored = file.get_slice(key)
                    begin = torch.Size(offsets[key]["saved_offsets"])
                    part = ChunkStorageMetadata(begin, torch.Size(stored.get_shape()))
                    types[key] = _TYPES[stored.get_dtype()]
                    parts.setdefault(key, []).append(part)
                    self._places[MetadataIndex(key, begin)] = path
        return Metadata(
            {
                key: TensorStorageMetadata(TensorProperties(types[key]), _size(chunks), chunks)
                for key, chunks in parts.items()
            }
        )

    def set_up_storage_reader(
        self, metadata: Metadata, is_coordinator: bool, *args: Any, **kwargs: Any
    ) -> None:
        """Nothing to set up."""

    def prepare_local_plan(self, plan: LoadPlan) -> LoadPlan:
        """The plan as it is."""
        return plan

    def prepare_global_plan(self, plans: list[LoadPlan]) -> list[LoadPlan]:
        """The plans as they are."""
        return plans

    def read_data(self, plan: LoadPlan, planner: LoadPlanner) -> Future[None]:
        """Copy what is planned to where it is planned to be, file by file."""
        by_file: dict[Path, list[ReadItem]] = {}
        for item in plan.items:
            by_file.setdefault(self._places[item.storage_index], []).append(item)
        for path, items in by_file.items():
            with safetensors.safe_open(path, framework="pt") as file:
                for item in items:
                    target = planner.resolve_tensor(item).detach()
                    if target.dim():
                        ends = zip(item.storage_offsets, item.lengths, strict=True)
                        slices = tuple(slice(begin, begin + length) for begin, length in ends)
                        target.copy_(file.get_slice(item.storage_index.fqn)[slices])
                    else:
                        target.copy_(file.get_tensor(item.storage_index.fqn))
                    planner.commit_tensor(item, target)
        done: Future[None] = Future()
        done.set_result(None)
        return done

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: str | os.PathLike[str]) -> bool:
        """Files are given when it is made."""
        return False


def _size(parts: Sequence[ChunkStorageMetadata]) -> torch.Size:
    """The shape of the tensor that the parts make up."""
    ends = [
        [begin + length for begin, length in zip(part.offsets, part.sizes, strict=True)]
        for part in parts
    ]
    return torch.Size(max(each) for each in zip(*ends, strict=True))
