"""Reading provenance: what is damaged, missing or newer is a note, and the rest is there."""

import json

import pytest

from stride.store.provenance.read import read_diff, read_folders, read_provenance
from stride.store.provenance.record import Provenance
from stride.store.provenance.take import start_taking, take
from stride.store.work_dir import WorkDir


@pytest.fixture
def folder(repository, tmp_path):
    repository.write("model.py", "changed = 1\n")
    take(tmp_path / "provenance", experiment=tmp_path / "exp", source=repository.path)
    return tmp_path / "provenance"


def test_what_was_taken_is_read_back(repository, tmp_path):
    repository.write("model.py", "changed = 1\n")
    repository.write("new.py")
    taken = start_taking(experiment=tmp_path / "exp", source=repository.path).result()
    taken.write(tmp_path / "provenance")
    found = read_folders([tmp_path / "provenance"])
    assert (found.code, found.machine, found.notes) == (taken.code.state, taken.machine, ())
    assert read_diff(found) == taken.code.diff
    assert found.packages["msgspec"]


def test_no_provenance_is_none_of_its_parts(tmp_path):
    assert read_folders([tmp_path / "provenance"]) == Provenance()
    assert read_diff(Provenance()) == b""


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("code.json", b"", "is empty"),
        ("code.json", b'{"format": 1', "is not JSON"),
        ("code.json", b"[]", "cannot be read"),
        ("machine.json", b'{"format": 99}', "newer stride"),
        ("packages.txt", b"\xff", "not UTF-8"),
        ("packages.txt", b"what is this\n", "names no package"),
    ],
)
def test_a_damaged_part_is_a_note_and_the_others_are_read(folder, name, content, words):
    (folder / name).write_bytes(content)
    found = read_folders([folder])
    assert words in found.notes[0]
    assert name in found.notes[0]
    parts = {"code.json": found.code, "machine.json": found.machine, "packages.txt": found.packages}
    assert parts.pop(name) is None
    assert None not in parts.values()


def test_keys_that_this_version_does_not_know_are_passed_over(folder):
    stored = json.loads((folder / "code.json").read_bytes())
    (folder / "code.json").write_text(json.dumps(stored | {"of a later version": 1}))
    assert read_folders([folder]).code.commit == stored["commit"]


def test_the_provenance_of_a_run_is_that_of_its_newest_attempt(repository, tmp_path):
    run = WorkDir(tmp_path / "exp").create({})
    where = {"experiment": tmp_path / "exp", "source": repository.path}
    with run.start() as attempt:
        take(run.attempt_provenance_path(1), **where)
        attempt.stop("for the test")
    repository.write("model.py", "changed = 1\n")
    with run.start():
        take(run.attempt_provenance_path(2), earlier=[run.attempt_provenance_path(1)], **where)
    assert read_provenance(run).code.dirty
    assert not read_provenance(run, 1).code.dirty
    assert read_provenance(run).packages == read_provenance(run, 1).packages
