"""Writing shards: each rank its own tensors into a file of its own, through torch's distributed
checkpoints, as safetensors that their reader knows.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.distributed import ProcessGroup
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.default_planner import DefaultSavePlanner
from torch.distributed.checkpoint.metadata import Metadata, MetadataIndex
from torch.distributed.checkpoint.planner import SavePlan, SavePlanner, WriteItem
from torch.distributed.checkpoint.state_dict_saver import save
from torch.distributed.checkpoint.storage import StorageWriter, WriteResult
from torch.futures import Future

from stride.errors import StorageError, StrideError, VerificationError
from stride.files import sha256_of_file
from stride.store.checkpoint_manifest import FileFacts
from stride.training.checkpoints.durable_file import forget_cached, write_file
from stride.training.checkpoints.shard_names import shard_name
from stride.training.checkpoints.shard_storage import OFFSETS_KEY
from stride.training.checkpoints.tensor_file import (
    Layout,
    check_readable,
    lay_out,
    shapes_of,
    straight_from,
)


def write_shards(
    tensors: Mapping[str, Tensor], folder: Path, group: ProcessGroup
) -> dict[str, FileFacts]:
    """Write the tensors into a folder, each rank what it holds; whole ones are shared out. Every
    file is flushed and read back before this returns.

    Nothing is gathered and nothing copied: the tensors must not change meanwhile. It may be called
    from a thread, with a group that nothing else uses then.

    Args:
        tensors: by name; sharded ones, whole ones that are the same on each rank that names them.
        folder: the same on all ranks; it is there.
        group: of all ranks, for tensors on the CPU; each of its ranks must call this.

    Returns:
        On the first rank of the group the facts of all files by name, on the others nothing.

    Raises:
        StorageError: a disk refused, on whichever rank.
        VerificationError: what a rank read back is not what it wrote.
    """
    writer = _ShardWriter(folder)
    planner = DefaultSavePlanner(flatten_state_dict=False, flatten_sharded_tensors=False)
    try:
        save(dict(tensors), storage_writer=writer, planner=planner, process_group=group)
    except CheckpointException as error:
        raise _first_failure(error, folder) from error
    return writer.files


def _first_failure(error: CheckpointException, folder: Path) -> StrideError:
    """What went wrong, in the words of the first rank where it did."""
    rank, (failure, _) = min(error.failures.items(), key=lambda each: each[0])
    if isinstance(failure, (StorageError, VerificationError)):
        return type(failure)(f"rank {rank}: {failure}")
    reason = f"{type(failure).__name__}: {' '.join(str(failure).split())}"
    return StorageError(f"cannot write {folder}: rank {rank}: {reason}")


@dataclasses.dataclass(frozen=True)
class _Written:
    name: str
    facts: FileFacts


class _ShardWriter(StorageWriter):
    """One file a rank, with the offsets of its tensors in the header.

    torch's own writer of safetensors makes a copy of all that it writes.

    Attributes:
        files: facts of all files by name, once all is written, where the plans are made.
    """

    def __init__(self, folder: Path) -> None:
        self.files: dict[str, FileFacts] = {}
        self._folder = folder

    def reset(self, checkpoint_id: str | os.PathLike[str] | None = None) -> None:
        """Nothing to begin anew."""

    def set_up_storage_writer(self, is_coordinator: bool, *args: Any, **kwargs: Any) -> None:
        """Nothing to set up."""

    def prepare_local_plan(self, plan: SavePlan) -> SavePlan:
        """Without the parts that are empty, as where there are more ranks than rows."""
        kept = [item for item in plan.items if not _is_empty_part(item)]
        return dataclasses.replace(plan, items=kept)

    def prepare_global_plan(self, plans: list[SavePlan]) -> list[SavePlan]:
        """A name for the file of each rank."""
        return [
            dataclasses.replace(plan, storage_data=shard_name(rank, len(plans)))
            for rank, plan in enumerate(plans)
        ]

    def write_data(self, plan: SavePlan, planner: SavePlanner) -> Future[list[WriteResult]]:
        """Write the file of this rank, and read it back."""
        name: str = plan.storage_data
        path = self._folder / name
        items = {item.index.fqn: item for item in plan.items}
        assert len(items) == len(plan.items), "a rank holds one part of a tensor"
        tensors = {key: _resolved(planner, item) for key, item in items.items()}
        layout = _with_offsets(lay_out(shapes_of(tensors)), items)
        facts = write_file(path, straight_from(tensors, layout))
        forget_cached(path)
        if sha256_of_file(path) != facts.digest:
            raise VerificationError(f"{path} is not the file that was written")
        check_readable(path, tensors)
        done: Future[list[WriteResult]] = Future()
        # One for the file, also where no tensor is in it.
        written = WriteResult(MetadataIndex(name), layout.size, _Written(name, facts))
        done.set_result([written])
        return done

    def finish(self, metadata: Metadata, results: list[list[WriteResult]]) -> None:
        """Keep what the ranks wrote; the file that torch would write here is a pickle."""
        for one in results:
            for result in one:
                self.files[result.storage_data.name] = result.storage_data.facts

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: str | os.PathLike[str]) -> bool:
        """Folders are given when it is made."""
        return False


def _resolved(planner: SavePlanner, item: WriteItem) -> Tensor:
    tensor = planner.resolve_data(item)
    assert isinstance(tensor, Tensor)
    return tensor.detach()


def _is_empty_part(item: WriteItem) -> bool:
    data = item.tensor_data
    return data is not None and data.chunk.sizes.numel() == 0 and data.size.numel() > 0


def _with_offsets(layout: Layout, items: Mapping[str, WriteItem]) -> Layout:
    """The layout, its header saying where in the whole tensor each part begins."""
    length = int.from_bytes(layout.header[:8], "little")
    entries: dict[str, Any] = json.loads(layout.header[8 : 8 + length])
    offsets = {
        key: {"saved_offsets": list(item.tensor_data.chunk.offsets)}
        for key, item in items.items()
        if item.tensor_data is not None
    }
    metadata = {
        "format": "pt",
        "DCP_VERSION": "1.0",
        OFFSETS_KEY: json.dumps(offsets, separators=(",", ":")),
    }
    text = json.dumps({"__metadata__": metadata, **entries}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return Layout(len(text).to_bytes(8, "little") + text, layout.places, layout.size)
