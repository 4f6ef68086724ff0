"""Activations by name."""

from __future__ import annotations

import pytest
import torch

from stride.errors import ConfigError
from stride.training.models.activation import ACTIVATIONS, build_activation


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_listed_activation_keeps_the_shape(name: str) -> None:
    activation = build_activation(name)
    assert activation is not None
    assert activation(torch.randn(2, 3)).shape == (2, 3)


def test_null_is_no_activation() -> None:
    assert build_activation(None) is None


@pytest.mark.parametrize(("name", "near"), [("relu", "ReLU"), ("Gelu", "GELU"), ("sigmiod", "Sig")])
def test_a_misspelt_one_is_answered_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(ConfigError, match=f"did you mean {near}"):
        build_activation(name)


@pytest.mark.parametrize("name", ["Linear", "Softmax", "MultiheadAttention", "__init__", "xyzzy"])
def test_what_is_no_function_of_one_number_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="there is no activation"):
        build_activation(name)
