"""Devices: those of this machine are chosen, others are refused in a sentence."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch

from stride.errors import DeviceError
from stride.training.device import choose_device, describe_device, thread_count, to_device


class Pair(NamedTuple):
    """A batch of a named tuple."""

    image: torch.Tensor
    name: str


def test_the_cpu_is_always_there() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    assert describe_device(torch.device("cpu")) == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:7"])
def test_a_gpu_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(DeviceError, match=f"device: {name} is not on this machine, which has only"):
        choose_device(name)


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "cpu:"])
def test_what_is_no_device_is_refused(name: str) -> None:
    with pytest.raises(DeviceError, match="is no device; write auto, cpu, cuda"):
        choose_device(name)


def test_auto_is_a_device_that_is_there() -> None:
    assert choose_device("auto").type in ("cpu", "cuda", "mps")


def test_tensors_are_moved_wherever_they_stand_in_a_batch() -> None:
    batch = {"a": [torch.ones(2), "text"], "b": (torch.zeros(1), Pair(torch.ones(1), "n"))}
    moved = to_device(batch, torch.device("meta"))
    assert moved["a"][0].is_meta
    assert moved["a"][1] == "text"
    assert moved["b"][0].is_meta
    assert isinstance(moved["b"][1], Pair)
    assert moved["b"][1].image.is_meta


def test_threads_are_set_inside_and_put_back() -> None:
    before = torch.get_num_threads()
    with thread_count(before + 1) as threads:
        assert threads == torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
    with thread_count(None) as threads:
        assert threads == before
