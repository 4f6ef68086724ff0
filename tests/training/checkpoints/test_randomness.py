"""The global generators go on as if nothing had happened."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from stride.files import encode_json
from stride.json_text import decode_json
from stride.training.checkpoints.decoding import decode_tree
from stride.training.checkpoints.randomness import capture, restore
from stride.training.checkpoints.state_tree import encode_tree
from stride.training.seeding import own_randomness


def draw() -> list[float]:
    return [
        random.random(),
        random.gauss(0, 1),
        float(np.random.rand()),
        float(np.random.randn()),
        float(torch.rand(())),
        float(torch.randn(())),
    ]


@settings(deadline=None)
@given(st.integers(0, 2**62), st.integers(0, 5))
def test_what_is_drawn_after_a_restore_is_what_was_drawn_after_the_capture(
    seed: int, before: int
) -> None:
    with own_randomness(seed):
        for _ in range(before):
            draw()
        encoded = encode_tree(capture())
        drawn = [draw() for _ in range(3)]
        draw()
        skeleton = decode_json(encode_json(encoded.skeleton), __file__)  # type: ignore[arg-type]
        restore(decode_tree(skeleton, encoded.tensors))
        assert [draw() for _ in range(3)] == drawn


def test_looking_draws_nothing() -> None:
    with own_randomness(3):
        capture()
        looked_at = draw()
    with own_randomness(3):
        assert draw() == looked_at


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_generators_on_gpus_go_on_too() -> None:
    torch.rand(3, device="cuda")
    state = capture()
    drawn = torch.rand(100, device="cuda")
    restore(state)
    assert torch.equal(torch.rand(100, device="cuda"), drawn)
