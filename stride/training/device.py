"""The device that a training or an evaluation runs on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from stride.errors import DeviceError


def choose_device(name: str, *, local_rank: int = 0) -> torch.device:
    """The device of a config: `cpu`, `cuda`, `cuda:1`, `mps`, or `auto` for the best that is here.

    Args:
        local_rank: which of several processes on this machine it is for: each gets a GPU of its
            own where the config does not name one.

    Raises:
        DeviceError: it is no device, or not on this machine.
    """
    if name == "auto":
        name = _present()[-1]
    if name == "cuda" and local_rank:
        name = f"cuda:{local_rank}"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(
            f"device: {name!r} is no device; write auto, cpu, cuda, cuda:0 or mps"
        ) from error
    present = _present()
    if device.type not in present:
        raise DeviceError(f"device: {name} is not on this machine, which has {_listed(present)}")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise DeviceError(f"device: {name} is not on this machine, which has {count} GPUs, from 0")
    return device


def _present() -> list[str]:
    """The kinds of device on this machine, the best last."""
    present = ["cpu"]
    if torch.backends.mps.is_available():
        present.append("mps")
    if torch.cuda.is_available():
        present.append("cuda")
    return present


def _listed(names: list[str]) -> str:
    return "only a cpu" if names == ["cpu"] else " and ".join(names)


def describe_device(device: torch.device) -> str:
    """The device for people and records: `cpu`, or `cuda:0 (NVIDIA H100)`."""
    if device.type != "cuda":
        return str(device)
    return f"{device} ({torch.cuda.get_device_name(device)})"


def to_device(batch: Any, device: torch.device) -> Any:
    """The batch on the device: tensors inside lists, tuples and mappings are moved, all else is
    left as it is.

    Nothing waits for a GPU.
    """
    if isinstance(batch, Tensor):
        if device.type == "cuda" and batch.device.type == "cpu":
            batch = batch.pin_memory()  # from other memory the copy would wait for the device
        return batch.to(device, non_blocking=True)
    if isinstance(batch, Mapping):
        return {key: to_device(value, device) for key, value in batch.items()}
    if isinstance(batch, tuple) and type(batch) is not tuple:  # a named tuple
        return type(batch)(*(to_device(value, device) for value in batch))
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(value, device) for value in batch)
    return batch


@contextlib.contextmanager
def thread_count(threads: int | None) -> Iterator[int]:
    """Compute with that many threads inside, and as before afterwards; gives how many there are.

    Sums are grouped by thread, so that the last bits of a result depend on it.
    """
    before = torch.get_num_threads()
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before)
