"""Labels are written by people, at once and at any time, and none is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stride.errors import NewerFormatError, StoredFileError
from stride.store.labels import Labels, read_labels
from stride.store.run import Run
from stride.store.work_dir import WorkDir


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return WorkDir(tmp_path / "exp").create({})


def test_a_run_has_no_labels_until_someone_writes_them(run: Run) -> None:
    assert run.read_labels() == Labels()
    assert not run.labels_path.exists()


def test_tags_come_and_go_and_a_note_stays(run: Run) -> None:
    run.write_labels(add_tags=("b", "a", "b"), note="a note, ünïcode\nof two lines")
    run.write_labels(add_tags=("c",), remove_tags=("b", "absent"))
    assert run.read_labels() == Labels(tags=("a", "c"), note="a note, ünïcode\nof two lines")
    assert run.write_labels(note="").note == ""


def test_eight_people_who_tag_at_once_all_find_their_tags(run: Run) -> None:
    code = (
        "import sys; from stride.store.run import Run\n"
        "for n in range(5): Run(sys.argv[1]).write_labels(add_tags=(f'{sys.argv[2]}-{n}',))"
    )
    people = [
        subprocess.Popen([sys.executable, "-c", code, str(run.path), str(number)])
        for number in range(8)
    ]
    assert [person.wait() for person in people] == [0] * 8
    assert sorted(run.read_labels().tags) == [f"{p}-{n}" for p in range(8) for n in range(5)]


@pytest.mark.parametrize("content", [b"", b'{"tags": ["a"', b'{"tags": 3}', b"[]"])
def test_damaged_labels_are_said_and_left_as_they_are(run: Run, content: bytes) -> None:
    run.labels_path.write_bytes(content)
    with pytest.raises(StoredFileError, match=r"labels\.json"):
        run.read_labels()
    with pytest.raises(StoredFileError, match=r"labels\.json"):
        run.write_labels(add_tags=("a",))
    assert run.labels_path.read_bytes() == content


def test_labels_of_a_newer_stride_are_said(run: Run) -> None:
    run.labels_path.write_bytes(b'{"format": 2, "tags": {"a": 1}}')
    with pytest.raises(NewerFormatError, match="newer stride"):
        read_labels(run.labels_path)
