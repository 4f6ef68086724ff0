"""Config keys as ranks or names."""

from hypothesis import given
from hypothesis import strategies as st

from stride.config.differences import ABSENT
from stride.report.ordered_values import filled, is_ordered, pattern_of, ranks_of
from stride.report.setting_columns import SettingColumn

numbers = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=12, unique=True)


def column(*values: object) -> SettingColumn:
    """One value a run, each of them distinct."""
    return SettingColumn("key", tuple(range(1, len(values) + 1)), (ABSENT, *values))


@given(numbers)
def test_ranks_keep_the_order_and_nothing_else(values: list[float]) -> None:
    ranks = ranks_of(column(*values))
    assert sorted(ranks) == list(range(len(values)))
    assert [value for _, value in sorted(zip(ranks, values, strict=True))] == sorted(values)


@given(numbers)
def test_numbers_that_rise_or_fall_together_have_one_pattern(values: list[float]) -> None:
    first, *others = (
        pattern_of(column(*each))
        for each in (values, [2 * v for v in values], [-v for v in values])
    )
    assert all(other == first for other in others)


def test_numbers_that_do_not_go_together_have_two() -> None:
    assert pattern_of(column(1, 2, 3)) != pattern_of(column(1, 3, 2))


def test_values_that_repeat_are_told_apart_by_the_runs_that_share_them() -> None:
    first = SettingColumn("a", (1, 2, 1, 2), (ABSENT, "x", "y"))
    second = SettingColumn("b", (2, 0, 2, 0), (ABSENT, 1, 2))
    assert pattern_of(first) == pattern_of(second)
    assert pattern_of(first) != pattern_of(SettingColumn("c", (1, 1, 2, 2), first.values))


def test_a_key_with_numbers_is_ordered_also_where_it_is_null_or_absent() -> None:
    assert is_ordered(column(1, 2.5, None))
    assert is_ordered(SettingColumn("key", (0, 1, 2), (ABSENT, 1, 2)))
    assert not is_ordered(column(1, None))
    assert not is_ordered(column(1, 2, "auto"))
    assert not is_ordered(column(True, False))


def test_where_a_key_is_absent_the_usual_value_stands_in() -> None:
    found = filled(SettingColumn("key", (0, 1, 2, 2), (ABSENT, 5, 6)))
    assert found.codes == (2, 1, 2, 2)
