"""Config keys of many runs as columns of small numbers."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stride.config.differences import ABSENT, same
from stride.report.setting_columns import hashable, setting_column, varying_columns
from stride.store.index.read import read_index
from stride.store.record import write_record
from stride.store.work_dir import WorkDir
from tests.report.varied_runs import make_run

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 0.5, "", "1"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
)


@given(json_values, json_values)
def test_values_have_the_same_place_where_they_are_the_same(left: Any, right: Any) -> None:
    assert (hashable(left) == hashable(right)) == same(left, right)
    if same(left, right):
        assert hash(hashable(left)) == hash(hashable(right))


def test_keys_that_vary_and_can_change_a_result_are_columns(tmp_path: Any) -> None:
    for number, settings in enumerate(
        [
            {"lr": 1, "device": "cpu", "model_kwargs.depth": 1, "x": None},
            {"lr": 1.0, "device": "cuda", "model_kwargs.depth": 2, "x": None},
            {"lr": 1, "device": "cpu", "x": None, "model_kwargs.width": [1]},
        ]
    ):
        make_run(tmp_path / "exp", 0.1, {"seed": number, **settings})
    table = read_index(WorkDir(tmp_path / "exp"))
    columns = {column.key: column for column in varying_columns(table, range(3))}
    assert set(columns) == {"model_kwargs.depth", "model_kwargs.width"}
    depth = columns["model_kwargs.depth"]
    assert [depth.value(place) for place in range(3)] == [1, 2, ABSENT]
    assert varying_columns(table, [0, 1], without=())[0].key == "seed"
    assert setting_column(table, [2, 0], "seed").codes == (3, 1)
    assert setting_column(table, [2, 0], "no.such.key").codes == (0, 0)


def test_moved_data_are_the_same_data(tmp_path: Any) -> None:
    key = "dataset_kwargs.path"
    for path, digest in (("a.npz", "1"), ("/moved/a.npz", "1"), ("a.npz", "2"), ("a.npz", None)):
        run = make_run(tmp_path / "exp", 0.1, {"seed": 0, key: path})
        if digest is not None:
            record = msgspec.structs.replace(run.read_record(), fingerprints={key: digest})
            write_record(run.record_path, record)
    column = setting_column(read_index(WorkDir(tmp_path / "exp")), range(4), key)
    assert column.codes == (1, 1, 2, 3)
    assert column.value(2) == "a.npz"
