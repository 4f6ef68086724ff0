"""A column as it is kept, and slabs of rows that are put together."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stride.store.index.column import MISSING
from stride.store.index.slab import Filling, Selection, Slab

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from([1, 1.0, True, 0.0, -0.0, 2**64, -(2**63) - 1, 10**3000]),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
)
rows = st.lists(st.dictionaries(st.sampled_from("abc"), values), max_size=8)


def slab_of(cells: list[dict[str, Any]]) -> Slab:
    filling = Filling()
    for row in cells:
        filling.add(row.items())
        filling.rows += 1
    return filling.seal()


def shown(cells: list[dict[str, Any]]) -> list[str]:
    return [repr(sorted(row.items(), key=lambda item: item[0])) for row in cells]


def rows_of(selection: Selection) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{} for _ in range(selection.rows)]
    for name in selection.names():
        column = selection.column(name).decode()
        distinct = list(map(repr, column.values))
        assert len(set(distinct)) == len(distinct)
        for row in range(selection.rows):
            if (value := column.value(row)) is not MISSING:
                found[row][name] = value
        assert any(column.codes)
    return found


@given(st.lists(rows, min_size=1, max_size=4), st.data())
def test_any_rows_of_any_slabs_say_what_was_put_in(
    parts: list[list[dict[str, Any]]], data: st.DataObject
) -> None:
    cells = [row for part in parts for row in part]
    slabs = [slab_of(part) for part in parts]
    assert shown(rows_of(Selection(slabs))) == shown(cells)
    order = data.draw(
        st.lists(st.sampled_from(range(len(cells))), unique=True) if cells else st.just([])
    )
    selection = Selection(slabs, order)
    picked = [cells[row] for row in order]
    assert shown(rows_of(selection)) == shown(picked)
    assert shown(rows_of(Selection([selection.whole()]))) == shown(picked)
