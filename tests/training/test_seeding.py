"""Seeds: derived ones differ, and global generators are left as they were."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stride.training.seeding import derive, own_randomness, seed_globally


def _draw() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(()))


def test_a_derived_seed_is_the_same_everywhere() -> None:
    assert derive(0, "order", 1) == 610367673687440295


@given(st.integers(0, 2**40), st.integers(0, 1000), st.integers(0, 1000))
def test_derived_seeds_of_two_epochs_differ(seed: int, first: int, second: int) -> None:
    same = derive(seed, "order", first) == derive(seed, "order", second)
    assert same == (first == second)
    assert 0 <= derive(seed, "order", first) < 2**63


@given(st.integers(0, 2**200))
def test_the_same_seed_gives_the_same_draws_in_all_three_generators(seed: int) -> None:
    draws = []
    for _ in range(2):
        with own_randomness(seed):
            draws.append(_draw())
    assert draws[0] == draws[1]


def test_the_global_generators_go_on_as_if_nothing_had_been() -> None:
    seed_globally(5)
    _draw()
    expected = _draw()
    seed_globally(5)
    _draw()
    with pytest.raises(ValueError, match="inside"), own_randomness(1):
        _draw()
        raise ValueError("inside")
    assert _draw() == expected
