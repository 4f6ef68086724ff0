"""Means of a metric for the values of a key."""

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stride.config.differences import ABSENT
from stride.report.setting_columns import SettingColumn
from stride.report.value_means import MOST_VALUES, value_means

codes = st.lists(st.integers(1, 30), min_size=4, max_size=40)


@settings(max_examples=50)
@given(codes, st.data())
def test_every_run_is_in_one_value_or_range(places: list[int], data: Any) -> None:
    numbers = data.draw(st.lists(st.floats(-9, 9), min_size=30, max_size=30, unique=True))
    column = SettingColumn("lr", tuple(places), (ABSENT, *numbers))
    found = value_means(column, [float(place) for place in places])
    assert sum(each.mean.n for each in found) == len(places)
    assert len(found) <= MOST_VALUES
    ends = [(each.value, each.value if each.until is None else each.until) for each in found]
    assert all(low <= high for low, high in ends)
    assert all(before[1] < after[0] for before, after in itertools.pairwise(ends))


def test_absent_null_numbers_and_texts_stand_in_that_order() -> None:
    column = SettingColumn("key", (1, 2, 3, 4, 0, 1), (ABSENT, "text", 2.5, None, 1))
    found = value_means(column, [1.0, 2.0, 3.0, 4.0, 5.0, 3.0])
    assert [each.value for each in found] == [ABSENT, None, 1, 2.5, "text"]
    assert [each.mean.value for each in found] == [5.0, 3.0, 4.0, 2.0, 2.0]
