"""The search space: points of a grid, points that tell, values as Optuna keeps them."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stride.sweep.space import (
    Choice,
    Real,
    Whole,
    grid_point,
    grid_size,
    is_grid,
    label,
    telling_points,
    value_of,
)

values = st.lists(st.integers(), min_size=1, max_size=4, unique=True).map(tuple)
spaces = st.dictionaries(st.text("abc", min_size=1, max_size=3), values, min_size=1, max_size=4)
json_values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(),
    st.lists(st.integers(), max_size=3),
)  # fmt: skip


@given(spaces)
def test_the_points_of_a_grid_are_the_product_in_order(values: dict[str, tuple[int, ...]]) -> None:
    space = {key: Choice(values=each) for key, each in values.items()}
    points = [tuple(grid_point(space, number).values()) for number in range(grid_size(space))]
    assert points == list(itertools.product(*values.values()))


@given(st.lists(json_values, min_size=1, unique_by=repr))
def test_a_value_comes_back_from_its_category(values: list[Any]) -> None:
    dimension = Choice(values=tuple(values))
    labels = [label(value) for value in values]
    if len({(type(each), each) for each in labels}) == len(labels):  # a text may look like a list
        found = [value_of(dimension, each) for each in labels]
        assert [repr(each) for each in found] == [repr(each) for each in values]


def test_each_value_is_checked_beside_each_combination_of_names() -> None:
    space = {
        "model_name": Choice(values=("A", "B")),
        "x": Choice(values=(1, 2)),
        "y": Real(low=0.0, high=1.0),
    }
    found = [tuple(point.values()) for point in telling_points(space)]
    assert found == [("A", 1, 0.0), ("A", 2, 0.0), ("A", 1, 1.0),
                     ("B", 1, 0.0), ("B", 2, 0.0), ("B", 1, 1.0)]  # fmt: skip


def test_a_grid_has_values_for_every_key() -> None:
    assert is_grid({"a": Choice(values=(1,))})
    assert not is_grid({"a": Choice(values=(1,)), "b": Whole(low=1, high=2)})
