"""Weights files: safetensors with the keys of the plain model, tied weights once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import safetensors
import safetensors.torch
from torch import Tensor, nn

from stride.errors import ConfigError, StorageError, StoredFileError, VerificationError
from stride.files import read_content, sha256_of, storage_errors, write_atomic
from stride.training.task import Task

TASK_PREFIX = "task:"
"""Before the keys of a task that is a module; a module's own name cannot look like it by chance."""


def state_of(model: nn.Module, task: Task) -> dict[str, Any]:
    """The tensors that make up the weights, by key; those of the task after the model's."""
    state = dict(model.state_dict())
    if isinstance(task, nn.Module):
        state |= {TASK_PREFIX + key: value for key, value in task.state_dict().items()}
    return state


def check_storable(model: nn.Module, task: Task) -> None:
    """Whether all of the state is tensors.

    Raises:
        ConfigError: a part of it is not (`get_extra_state`), so that weights could not bring it
            back.
    """
    for key, value in state_of(model, task).items():
        if not isinstance(value, Tensor):
            raise ConfigError(
                f"the state {key!r} of {type(model).__name__} is a {type(value).__name__}, and"
                " weights files hold tensors only; register it as a buffer"
            )


def write_weights(path: Path, content: bytes) -> None:
    """Replace a weights file, durably: readers see the old one or the new one.

    Raises:
        StorageError: the disk refused.
    """
    with storage_errors("make", path.parent):
        try:
            path.parent.mkdir(exist_ok=True)
        except FileNotFoundError as error:
            raise StorageError(f"cannot write {path}: the folder of the run is gone") from error
    write_atomic(path, content)


def encode_weights(model: nn.Module, task: Task) -> bytes:
    """The weights as the bytes of a safetensors file; the same weights give the same bytes."""
    tensors: dict[str, Tensor] = {}
    tied: dict[str, str] = {}
    seen: dict[tuple[Any, ...], str] = {}
    storages: set[int] = set()
    for key, value in state_of(model, task).items():
        storage = value.untyped_storage().data_ptr()
        place = (storage, value.storage_offset(), value.shape, value.stride(), value.dtype)
        if value.numel() and place in seen:
            tied[key] = seen[place]
            continue
        seen[place] = key
        # A view of a tensor that is written already must not share its memory: safetensors refuses
        # that.
        plain = value.detach().contiguous()
        tensors[key] = plain.clone() if storage in storages else plain
        storages.add(storage)
    # One entry: the order of several would differ from process to process.
    metadata = {"stride": json.dumps({"tied": tied}, sort_keys=True)}
    return safetensors.torch.save(tensors, metadata=metadata)


def read_weights(path: Path, digests: Sequence[str]) -> bytes:
    """The bytes of a weights file whose digest is one of those recorded; nothing in it was looked
    at before.

    Raises:
        StoredFileError: there is no such file.
        VerificationError: the digest is another: the file was cut off, replaced or changed.
    """
    try:
        content = read_content(path)
    except FileNotFoundError as error:
        raise StoredFileError(f"{path} is missing") from error
    if not digests:
        raise VerificationError(f"{path} is not to be trusted: run.json records no digest of it")
    if sha256_of(content) not in digests:
        raise VerificationError(
            f"{path} is not the file that was written: its digest is {sha256_of(content)[:19]}…,"
            f" and run.json records {digests[0][:19]}…; put the file back from a copy of the run,"
            " or train again"
        )
    return content


def decode_weights(content: bytes, path: Path) -> dict[str, Tensor]:
    """The tensors of a weights file by key, tied ones under each of their keys.

    Raises:
        StoredFileError: it is no safetensors file; a pickle is never opened.
    """
    try:
        tensors: dict[str, Tensor] = safetensors.torch.load(content)
        tied = _tied_keys(content)
        return tensors | {key: tensors[kept] for key, kept in tied.items()}
    except (safetensors.SafetensorError, ValueError, KeyError, RecursionError) as error:
        raise StoredFileError(f"{path} is not a safetensors file: {error}") from error


def _tied_keys(content: bytes) -> Mapping[str, str]:
    length = int.from_bytes(content[:8], "little")
    header = msgspec.json.decode(content[8 : 8 + length], type=_Header)
    return msgspec.json.decode(header.metadata.get("stride", "{}"), type=_Ours).tied


class _Ours(msgspec.Struct):
    """What stride keeps in the metadata: keys of tied weights, to the key that was written."""

    tied: dict[str, str] = {}


class _Header(msgspec.Struct):
    """The part of a safetensors header that is not about one tensor."""

    metadata: dict[str, str] = msgspec.field(default_factory=dict, name="__metadata__")


def put_weights(tensors: Mapping[str, Tensor], model: nn.Module, task: Task, path: Path) -> None:
    """Copy the tensors into the model, and into the task where it is a module.

    Raises:
        StoredFileError: keys or shapes are not those of the model: its code or its settings are
            others.
    """
    own = {key: value for key, value in tensors.items() if not key.startswith(TASK_PREFIX)}
    of_task = {
        key.removeprefix(TASK_PREFIX): value
        for key, value in tensors.items()
        if key.startswith(TASK_PREFIX)
    }
    try:
        model.load_state_dict(own)
        if isinstance(task, nn.Module):
            task.load_state_dict(of_task)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise StoredFileError(
            f"{path} does not fit {type(model).__name__}; was its code changed? {reason}"
        ) from error
