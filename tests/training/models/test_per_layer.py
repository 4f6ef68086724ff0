"""Settings of every layer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.errors import ConfigError
from stride.training.models.per_layer import each_layer, per_layer


@given(layers=st.integers(1, 9), value=st.floats(0, 1))
def test_one_value_is_that_of_all_hidden_layers(layers: int, value: float) -> None:
    values = per_layer("dropouts", value, layers, output=-1.0, model="MLP")
    assert values == (value,) * (layers - 1) + (-1.0,)
    assert each_layer("kernels", value, layers, model="FCNN") == (value,) * layers


@given(values=st.lists(st.booleans(), min_size=1, max_size=9))
def test_a_list_is_kept_as_it_is(values: list[bool]) -> None:
    layers = len(values)
    assert per_layer("batch_norms", values, layers, output=False, model="MLP") == tuple(values)
    assert per_layer("batch_norms", values, layers + 1, output=True, model="MLP") == (*values, True)


def test_a_name_is_one_value_and_no_list_of_letters() -> None:
    assert per_layer("activations", "ELU", 2, output=None, model="MLP") == ("ELU", None)


def test_another_length_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"dropouts of MLP has 4 entries, .* a list of 2 or 3"):
        per_layer("dropouts", [0.1] * 4, 3, output=0.0, model="MLP")
