"""Comparisons: what stands beside what."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stride.cli.comparison import SECTIONS, compare, only_differing
from stride.cli.portrait import read_portrait
from stride.config.differences import ABSENT

rows = st.dictionaries(st.text(max_size=3), st.tuples(st.integers(0, 2), st.integers(0, 2)))


@given(rows)
def test_what_differs_and_what_does_not_make_up_the_whole(values: Any) -> None:
    differing = only_differing(values)
    assert all(first != second for first, second in differing.values())
    assert all(first == second for name, (first, second) in values.items() if name not in differing)


def test_every_section_has_one_value_a_run(trained: Any) -> None:
    runs = [trained(), trained(model_kwargs={"depth": 3}), trained(name="third")]
    comparison = compare([read_portrait(run) for run in runs])
    assert tuple(comparison.sections) == SECTIONS
    assert comparison.addresses == tuple(run.address for run in runs)
    assert comparison.sections["config"]["model_kwargs.depth"] == (ABSENT, 3, ABSENT)
    assert comparison.sections["results"]["status"] == ("completed",) * 3
    assert comparison.unknown["packages"] == comparison.addresses
