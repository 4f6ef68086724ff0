"""Writing into a fresh folder, and nowhere else."""

import os

import pytest

from stride.errors import StoredFileError
from stride.store.provenance.code_writer import (
    FILE,
    LINK,
    PROGRAM,
    fresh_folder,
    leads_out,
    read_written,
)


def test_files_programs_and_links_are_written_and_read_back_as_git_names_them(tmp_path):
    with fresh_folder(tmp_path / "new") as writer:
        writer.write("a/b/c.py", FILE, b"x = 1\n")
        writer.write("a/run.sh", PROGRAM, b"")
        writer.write("link", LINK, b"a/b")
    found = {(each.mode, each.path): each.name for each in read_written(tmp_path / "new", "sha1")}
    assert found == {
        (FILE, "a/b/c.py"): "7d4290a117a4ddcc11daae7ea675841033830c8f",
        (PROGRAM, "a/run.sh"): "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
        (LINK, "link"): "db89c972fc57862eae378f45b74aca228037d415",
    }
    assert os.access(tmp_path / "new/a/run.sh", os.X_OK)


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/x", "a//x", "./x", "", ".git/x", "a/.Git"])
def test_a_path_that_leads_elsewhere_is_refused_and_nothing_is_left(tmp_path, path):
    with (
        pytest.raises(StoredFileError, match="leads out"),
        fresh_folder(tmp_path / "new") as writer,
    ):
        writer.write("good.py", FILE, b"")
        writer.write(path, FILE, b"")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["..", "/", "somewhere"])
def test_no_link_is_followed(tmp_path, target):
    (tmp_path / "new").mkdir()
    with (
        pytest.raises(StoredFileError, match="leads out"),
        fresh_folder(tmp_path / "new") as writer,
    ):
        writer.write("door", LINK, target.encode())
        writer.write("door/x.py", FILE, b"")
    assert list(tmp_path.iterdir()) == [tmp_path / "new"]
    assert list((tmp_path / "new").iterdir()) == []


def test_a_file_is_written_once(tmp_path):
    with pytest.raises(StoredFileError, match="twice"), fresh_folder(tmp_path / "new") as writer:
        writer.write("x.py", FILE, b"1")
        writer.write("x.py", FILE, b"2")


def test_links_that_lead_out_are_told():
    assert leads_out("a", "/etc") and leads_out("a", "..") and leads_out("a/b", "../../c")
    assert not leads_out("a/b", "../c") and not leads_out("a", "b/../c")
