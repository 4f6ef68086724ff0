"""Reading shards: each rank what it is to hold, whatever number of ranks has written them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import safetensors
import torch
import torch.distributed.tensor
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.default_planner import DefaultLoadPlanner
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import Shard

from stride.errors import StorageError, StoredFileError
from stride.files import storage_errors
from stride.json_text import JSON
from stride.training.checkpoints.cut import Cut
from stride.training.checkpoints.shard_names import ranks_of, shard_name, shards_among
from stride.training.checkpoints.shard_storage import ShardStorage
from stride.training.checkpoints.sharded_tree import decode_sharded, tensors_named_in
from stride.training.checkpoints.state_tree import Tree


def read_sharded(skeleton: JSON, folder: Path, mesh: DeviceMesh | None) -> Tree:
    """The state that such a JSON stands for, with the tensors of the files in a folder.

    No rank waits for another. The files should have been verified.

    Args:
        mesh: of one dimension: sharded tensors come as parts, on its device. None: all are whole,
            on the CPU.

    Raises:
        StoredFileError: a file is missing or cannot be understood.
        StorageError: a file cannot be read.
    """
    try:
        tensors = read_shards(tensors_named_in(skeleton), folder, mesh)
        return decode_sharded(skeleton, tensors)
    except ValueError as error:
        if isinstance(error, (StorageError, StoredFileError)):
            raise
        raise StoredFileError(f"the state beside {folder} cannot be understood: {error}") from error


def read_shards(
    wanted: Mapping[str, Cut | None], folder: Path, mesh: DeviceMesh | None
) -> dict[str, Tensor]:
    """Tensors by name: those with a cut as parts where there is a mesh, all others whole.

    Raises:
        StoredFileError: a file is missing or cannot be understood, or does not hold all of them.
        StorageError: a file cannot be read.
    """
    try:
        with storage_errors("read", folder):
            storage = ShardStorage(_files_in(folder))
            stored = storage.read_metadata().state_dict_metadata
            targets = {
                name: _target(name, cut, stored.get(name), folder, mesh)
                for name, cut in wanted.items()
            }
            if targets:
                _load(targets, storage)
    except FileNotFoundError as error:
        raise StoredFileError(f"{error.filename or folder} is missing") from error
    except (safetensors.SafetensorError, CheckpointException, KeyError) as error:
        reason = " ".join(str(error).split())
        raise StoredFileError(f"the tensors in {folder} cannot be understood: {reason}") from error
    return targets


def _files_in(folder: Path) -> list[Path]:
    """The files of all ranks that wrote.

    Raises:
        StoredFileError: one is missing: of one in the middle nobody else would know.
    """
    names = shards_among(path.name for path in folder.iterdir())
    ranks = ranks_of(names[0]) if names else 1
    paths = [folder / shard_name(rank, ranks) for rank in range(ranks)]
    for path in paths:
        if path.name not in names:
            raise StoredFileError(f"{path} is missing")
    return paths


def _target(
    name: str, cut: Cut | None, stored: object, folder: Path, mesh: DeviceMesh | None
) -> Tensor:
    """Memory for a tensor."""
    if not isinstance(stored, TensorStorageMetadata):
        raise StoredFileError(f"the files in {folder} hold no tensor {name!r}")
    shape, dtype = stored.size, stored.properties.dtype
    if cut is None:
        return torch.empty(shape, dtype=dtype)
    if (shape, dtype) != (cut.shape, cut.dtype):
        raise StoredFileError(f"the files in {folder} hold not all of the tensor {name!r}")
    if mesh is None:
        return torch.empty(shape, dtype=dtype)
    empty: Tensor = torch.distributed.tensor.empty(
        shape, dtype=dtype, device_mesh=mesh, placements=[Shard(cut.dim)]
    )
    return empty


def _load(targets: dict[str, Tensor], storage: ShardStorage) -> None:
    planner = DefaultLoadPlanner(flatten_state_dict=False, flatten_sharded_tensors=False)
    with warnings.catch_warnings():
        # That it loads without talking to other ranks is meant.
        warnings.filterwarnings("ignore", message="torch.distributed is disabled")
        load(targets, storage_reader=storage, planner=planner, no_dist=True)
