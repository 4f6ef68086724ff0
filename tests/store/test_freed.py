"""What taking files away frees: a file counts when its last name goes."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stride.store.freed import measure_freed


def test_a_file_with_another_name_elsewhere_frees_nothing(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    (inside / "own").write_bytes(bytes(100))
    outside.write_bytes(bytes(1000))
    os.link(outside, inside / "linked")
    assert measure_freed([inside]).bytes == 100
    assert measure_freed([inside]).shared == 1000
    assert measure_freed([inside, outside]).bytes == 1100
    assert measure_freed([inside, outside]).shared == 0


def test_links_lead_nowhere_and_what_is_gone_counts_nothing(tmp_path: Path) -> None:
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "file").write_bytes(bytes(5000))
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "away").symlink_to(tmp_path / "large")
    assert measure_freed([tmp_path / "small"]).bytes < 500
    assert measure_freed([tmp_path / "gone"]).bytes == 0


@given(
    names=st.lists(st.integers(0, 3), min_size=1, max_size=8),
    taken=st.sets(st.integers(0, 7)),
)
def test_what_is_said_is_what_the_disk_has_less_of(
    tmp_path_factory: object, names: list[int], taken: set[int]
) -> None:
    """Names of up to four files: what is freed is the size of the files that no name is left of."""
    folder: Path = tmp_path_factory.mktemp("law")  # type: ignore[attr-defined]
    first: dict[int, Path] = {}
    for index, file in enumerate(names):
        path = folder / str(index)
        if file in first:
            os.link(first[file], path)
        else:
            path.write_bytes(bytes(10**file))
            first[file] = path
    gone = [folder / str(index) for index in taken if index < len(names)]
    said = measure_freed(gone).bytes
    left = {names[index] for index in range(len(names)) if index not in taken}
    assert said == sum(10**file for file in {*names} - left)
