"""Two tables, row by row."""

import math

from hypothesis import given
from hypothesis import strategies as st

from stride.report.table_verification import is_same, verify_tables

numbers = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.integers(-(10**6), 10**6), st.none()
)
columns = st.sampled_from(["loss", "val_loss", "lr"])


@st.composite
def tables(draw):
    steps = sorted(draw(st.sets(st.integers(1, 500), min_size=1, max_size=12)))
    names = draw(st.sets(columns, min_size=1))
    return [
        {"step": step, "epoch": 1 + step // 100, **{name: draw(numbers) for name in sorted(names)}}
        for step in steps
    ]


@given(tables())
def test_a_table_is_the_same_as_itself(rows):
    found = verify_tables("steps.csv", rows, [dict(row) for row in rows])
    assert (found.parting, found.beyond, found.largest) == (None, None, None)
    assert (found.rows, found.alone, found.agreed) == (len(rows), (0, 0), rows[-1]["step"])


@given(tables(), st.data())
def test_one_changed_value_is_found_where_it_is_and_as_far_off_as_it_is(rows, data):
    index = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from([name for name in rows[0] if name not in ("step", "epoch")]))
    other = data.draw(numbers.filter(lambda value: not is_same(value, rows[index][name])))
    changed = [dict(row) for row in rows]
    changed[index][name] = other
    found = verify_tables("steps.csv", rows, changed)
    parting = found.parting
    assert parting is not None
    assert parting == found.beyond == found.largest
    assert (parting.step, parting.column) == (rows[index]["step"], name)
    assert parting.after == (rows[index - 1]["step"] if index else 0)
    assert (found.agreed or 0) == parting.after
    before = rows[index][name]
    if isinstance(before, int | float) and isinstance(other, int | float):
        finite = math.isfinite(before) and math.isfinite(other)
        assert parting.absolute is not None
        assert not finite or parting.absolute == abs(before - other)
        assert (0 < parting.relative <= 2) or math.isinf(parting.relative)
    else:
        assert (parting.absolute, parting.relative) == (None, math.inf)


@given(tables(), tables(), st.floats(0, 2))
def test_which_of_two_is_first_changes_no_distance_and_a_tolerance_only_what_is_beyond_it(
    first, second, tolerance
):
    there = verify_tables("steps.csv", first, second, tolerance)
    back = verify_tables("steps.csv", second, first, tolerance)
    for one, other in ((there.parting, back.parting), (there.beyond, back.beyond)):
        assert (one is None) == (other is None)
        assert one is None or other is None or one.step == other.step
    assert (there.largest is None) == (back.largest is None)
    if there.largest is not None and back.largest is not None:
        assert there.largest.relative == back.largest.relative
        assert (there.beyond is not None) == (there.largest.relative > tolerance)


def test_rows_are_compared_only_where_they_are_means_over_the_same_steps():
    often = [{"step": step, "loss": float(step)} for step in (10, 20, 30, 40)]
    seldom = [{"step": step, "loss": -1.0} for step in (20, 40)]
    found = verify_tables("steps.csv", often, seldom)
    assert (found.rows, found.alone, found.parting) == (0, (4, 2), None)
    standing = verify_tables("digests.csv", often, seldom, spans=False)
    assert (standing.rows, standing.alone) == (2, (2, 0))
    assert standing.parting is not None and standing.parting.step == 20


def test_a_digest_has_no_distance_and_is_beyond_any_tolerance():
    first, second = ([{"step": 1, "state": f"sha256:{text}"}] for text in "ab")
    found = verify_tables("digests.csv", first, second, 1.0, exact=["state"])
    assert found.beyond is not None
    assert found.largest is None


def test_columns_that_only_one_has_are_named():
    first, second = [{"step": 1, "loss": 1.0, "norm": 2.0}], [{"step": 1, "loss": 1.0}]
    assert verify_tables("steps.csv", first, second).columns == (("norm",), ())
