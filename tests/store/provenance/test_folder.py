"""The folder of provenance: it appears whole or not at all, and never over another."""

import pytest

from stride.errors import StorageError
from stride.store.provenance.folder import ProvenanceFolder
from stride.store.provenance.kept_files import Content


def test_only_the_parts_that_are_given_are_written(tmp_path):
    folder = ProvenanceFolder(tmp_path / "run/provenance")
    folder.write(machine=b"{}")
    assert [path.name for path in folder.path.iterdir()] == ["machine.json"]
    folder = ProvenanceFolder(tmp_path / "run/provenance/attempt-2")
    folder.write(code=b"{}", diff=b"d", kept=(Content("a/b.py", b"c"),), packages=b"p")
    assert folder.untracked_path.joinpath("a/b.py").read_bytes() == b"c"
    assert sorted(path.name for path in folder.path.iterdir()) == [
        "code.diff", "code.json", "packages.txt", "untracked",
    ]  # fmt: skip
    assert folder.diff_path.read_bytes() == b"d"


def test_an_empty_folder_is_filled_and_one_with_content_is_left_alone(tmp_path):
    folder = ProvenanceFolder(tmp_path / "provenance")
    folder.path.mkdir()
    folder.write(machine=b"one")
    with pytest.raises(StorageError, match="cannot write"):
        folder.write(machine=b"two")
    assert folder.machine_path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [folder.path]


def test_a_folder_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(StorageError, match="a part of the path is a file"):
        ProvenanceFolder(tmp_path / "run/provenance").write(machine=b"{}")
    kept = (Content("a.py", b"1"), Content("a.py/b.py", b"2"))
    with pytest.raises(StorageError):
        ProvenanceFolder(tmp_path / "other").write(code=b"{}", kept=kept)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("path", ["../out.py", "a/../../out.py", "/tmp/out.py"])
def test_no_kept_file_leads_out_of_the_folder(tmp_path, path):
    with pytest.raises(StorageError, match="leads out of"):
        ProvenanceFolder(tmp_path / "provenance").write(code=b"{}", kept=(Content(path, b"1"),))
    assert list(tmp_path.iterdir()) == []


def test_modes_of_kept_files_are_kept_as_far_as_they_matter(tmp_path):
    folder = ProvenanceFolder(tmp_path / "provenance")
    folder.write(code=b"{}", kept=(Content("a.sh", b"1", executable=True), Content("b.sh", b"2")))
    assert (folder.untracked_path / "a.sh").stat().st_mode & 0o111 == 0o111
    assert (folder.untracked_path / "b.sh").stat().st_mode & 0o111 == 0
