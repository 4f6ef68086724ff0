"""The staging buffer holds a moment: what changes afterwards does not change it."""

from __future__ import annotations

import os

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from stride.training.checkpoints.content import Content
from stride.training.checkpoints.staging_buffer import StagingBuffer, on_gpu
from stride.training.checkpoints.tensor_file import lay_out, shapes_of, straight_from
from tests.training.checkpoints.test_tensor_file import NAMES
from tests.training.checkpoints.trees import TENSORS

STATES = st.dictionaries(NAMES, TENSORS.filter(lambda tensor: not tensor.is_complex()), max_size=5)


def bytes_of(content: Content) -> bytes:
    return b"".join(content.pieces())


@settings(deadline=None)
@given(st.lists(STATES, max_size=4))
def test_it_gives_the_bytes_of_each_state_that_it_is_filled_with(
    states: list[dict[str, Tensor]],
) -> None:
    buffer = StagingBuffer()
    for tensors in states:
        content = buffer.hold(tensors)
        straight = b"".join(straight_from(tensors, lay_out(shapes_of(tensors))))
        assert bytes_of(content) == straight == bytes_of(content)
        assert content.size == len(straight)
        assert content.names == tuple(tensors)


def test_what_is_held_stays_as_it_was_while_training_goes_on() -> None:
    weight = torch.ones(1000)
    content = StagingBuffer().hold({"weight": weight})
    weight.zero_()
    assert safetensors.torch.load(bytes_of(content))["weight"].sum() == 1000


def test_its_memory_is_used_again() -> None:
    buffer = StagingBuffer()
    tensors = {"a": torch.ones(3_000_000), "b": torch.ones(4, dtype=torch.bfloat16)}
    buffer.prepare(shapes_of(tensors), pinned=on_gpu(tensors))
    places = set()
    for _ in range(3):
        pieces = list(buffer.hold(tensors).pieces())
        places.add(torch.frombuffer(pieces[1], dtype=torch.uint8).data_ptr())
    buffer.hold({"a": tensors["a"][:5]})
    pieces = list(buffer.hold(tensors).pieces())
    places.add(torch.frombuffer(pieces[1], dtype=torch.uint8).data_ptr())
    assert len(places) == 1


def test_a_child_that_is_forked_off_meanwhile_disturbs_nothing() -> None:
    buffer = StagingBuffer()
    content = buffer.hold({"a": torch.ones(1000)})
    before = bytes_of(content)
    child = os.fork()
    if child == 0:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert bytes_of(content) == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_a_state_on_a_gpu_is_held_in_pinned_memory() -> None:
    tensors = {"a": torch.arange(1000.0, device="cuda"), "b": torch.tensor(3)}
    buffer = StagingBuffer()
    buffer.prepare(shapes_of(tensors), pinned=on_gpu(tensors))
    content = buffer.hold(tensors)
    tensors["a"].zero_()
    found = safetensors.torch.load(bytes_of(content))
    assert found["a"].tolist() == list(range(1000))
    assert found["b"] == 3
