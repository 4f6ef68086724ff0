"""Code: what is kept gives the code back, whatever state the repository is in."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stride.store.provenance.code import take_code
from stride.store.provenance.folder import ProvenanceFolder
from stride.store.provenance.take import take


def restore(repository, target: Path, folder: ProvenanceFolder, state) -> None:
    """Clone at the commit, apply the diff, copy the kept files."""
    subprocess.run(["git", "clone", "-q", repository.path, target], check=True)
    subprocess.run(["git", "checkout", "-q", state.commit], cwd=target, check=True)
    if folder.diff_path.exists():
        command = ["git", "apply", "--whitespace=nowarn", folder.diff_path.resolve()]
        subprocess.run(command, cwd=target, check=True)
    if folder.untracked_path.exists():
        shutil.copytree(folder.untracked_path, target, dirs_exist_ok=True)
    for file in state.files:
        if file.link is not None:
            (target / file.path).parent.mkdir(parents=True, exist_ok=True)
            (target / file.path).symlink_to(file.link)


def tree_of(top: Path) -> dict[str, tuple[str, str | bytes]]:
    """Every file and link outside of .git, with its kind and content."""
    found: dict[str, tuple[str, str | bytes]] = {}
    for path in top.rglob("*"):
        name = str(path.relative_to(top))
        if name.split("/")[0] == ".git":
            continue
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_file():
            executable = path.stat().st_mode & stat.S_IXUSR
            found[name] = ("program" if executable else "file", path.read_bytes())
    return found


def kept(repository, tmp_path: Path, name: str = "provenance"):
    """Take provenance into a folder and read it back."""
    target = tmp_path / name
    notes = take(target, experiment=tmp_path / "exp", source=repository.path, argv=["stride"])
    taken = take_code(repository.path, tmp_path / "exp")
    return ProvenanceFolder(target), taken.state, notes


def test_commit_diff_and_kept_files_give_the_same_tree_back(repository, tmp_path):
    repository.write("image.bin", bytes(range(256)) * 40)
    repository.write("old name.py", "a = 1\n" * 50)
    repository.write("gone.py")
    repository.write("run.sh", "echo\n")
    (repository.path / "link.py").symlink_to("model.py")
    repository.commit()
    repository.write("model.py", "one = 1\ntwo = 22\nthree = 3")
    repository.write("image.bin", bytes(range(256))[::-1] * 40)
    repository.git("mv", "old name.py", "ünïcode\nnew\tname.py")
    repository.write("ünïcode\nnew\tname.py", "a = 1\n" * 50 + "b = 2\n")
    (repository.path / "gone.py").unlink()
    (repository.path / "run.sh").chmod(0o755)
    (repository.path / "link.py").unlink()
    (repository.path / "link.py").symlink_to("package/data.py")
    repository.write("new/module.py", "new = True\n")
    repository.write("new/with space\nand newline é.py", "odd = True\n")
    repository.write("new/tool.sh", "echo\n").chmod(0o755)
    (repository.path / "new/link.py").symlink_to("../model.py")
    repository.write("staged.py", "staged = True\n")
    repository.git("add", "staged.py")

    folder, state, notes = kept(repository, tmp_path)
    restore(repository, tmp_path / "restored", folder, state)

    assert notes == ()
    assert state.complete
    assert tree_of(tmp_path / "restored") == tree_of(repository.path)


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems refuse such names")
def test_names_that_are_no_utf8_are_kept_under_their_own_bytes(repository, tmp_path):
    repository.write(b"caf\xe9.py", "tracked = 1\n")
    repository.commit()
    repository.write(b"caf\xe9.py", "tracked = 2\n")
    repository.write(b"new/na\xefve.py", "untracked = 1\n")
    folder, state, _ = kept(repository, tmp_path)
    restore(repository, tmp_path / "restored", folder, state)
    assert tree_of(tmp_path / "restored") == tree_of(repository.path)
    assert [file.path for file in state.files] == ["new/na\\xefve.py"]


names = st.sampled_from(
    ["a.py", "b c.py", "d/e.py", "d/f/g.yaml", "h\n.py", "ü/i.sh", ":j.py", "*.py"]
)
contents = st.one_of(
    st.binary(max_size=200),
    st.text("ab\n", max_size=60).map(str.encode),
    st.text("ab\r\n", max_size=60).map(str.encode),
)
files = st.dictionaries(names, st.tuples(contents, st.booleans()), max_size=6)


def lay(repository, wanted: dict[str, tuple[bytes, bool]]) -> None:
    """Make the work tree hold these files and no others."""
    for entry in repository.path.iterdir():
        if entry.name != ".git":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for name, (content, executable) in wanted.items():
        repository.write(name, content).chmod(0o755 if executable else 0o644)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(committed=files, staged=files, final=files)
def test_any_state_is_given_back_and_committing_it_does_not_change_its_digest(
    committed, staged, final, tmp_path_factory, new_repository
):
    tmp_path = tmp_path_factory.mktemp("law")
    repository = new_repository(tmp_path / "code")
    lay(repository, committed)
    repository.commit()
    lay(repository, staged)
    repository.git("add", "-A")
    lay(repository, final)

    folder, state, _ = kept(repository, tmp_path)
    restore(repository, tmp_path / "restored", folder, state)
    repository.commit()
    after = take_code(repository.path, tmp_path / "exp").state

    assert tree_of(tmp_path / "restored") == tree_of(repository.path)
    assert (after.dirty, after.files) == (False, ())
    assert after.digest == state.digest


def test_a_clean_repository_is_a_commit_and_nothing_else(repository, tmp_path):
    folder, state, _ = kept(repository, tmp_path)
    assert state.commit == repository.git("rev-parse", "HEAD")
    assert (state.branch, state.dirty, state.changed, state.files) == ("main", False, 0, ())
    assert not folder.diff_path.exists()
    assert not folder.untracked_path.exists()


def test_no_repository_is_noted(tmp_path):
    state = take_code(tmp_path, tmp_path / "exp").state
    assert state.repository is None
    assert state.digest is None
    assert "not a git repository" in state.notes[0]


def test_no_git_is_noted(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    state = take_code(repository.path, tmp_path / "exp").state
    assert state.notes == ("git is not installed: the state of the code is not kept",)


def test_a_folder_that_is_not_there_is_noted(tmp_path):
    state = take_code(tmp_path / "absent", tmp_path / "exp").state
    assert "could not be started" in state.notes[0]


def test_a_repository_without_commits_is_kept_whole(new_repository, tmp_path):
    repository = new_repository(tmp_path / "code")
    repository.write("staged.py", "a = 1\n")
    repository.git("add", "staged.py")
    repository.write("new.py", "b = 2\n")
    taken = take_code(repository.path, tmp_path / "exp")
    assert (taken.state.commit, taken.state.branch) == (None, "main")
    assert b"+a = 1" in taken.diff
    assert [file.path for file in taken.state.files] == ["new.py"]
    assert taken.state.notes == ("the repository has no commit yet",)
    repository.commit()
    assert take_code(repository.path, tmp_path / "exp").state.digest == taken.state.digest


def test_a_folder_within_the_repository_stands_for_all_of_it(repository, tmp_path):
    repository.write("model.py", "changed = 1\n")
    repository.write("new.py", "new = 1\n")
    inner = take_code(repository.path / "package", tmp_path / "exp")
    outer = take_code(repository.path, tmp_path / "exp")
    assert inner == outer
    assert b"+changed = 1" in inner.diff
    assert [file.path for file in inner.state.files] == ["new.py"]


def test_a_linked_work_tree_has_a_state_of_its_own(repository, tmp_path):
    repository.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side/model.py").write_text("side = 1\n")
    state = take_code(tmp_path / "side", tmp_path / "exp").state
    assert (state.branch, state.changed) == ("side", 1)
    assert state.repository == str((tmp_path / "side").resolve())
    assert take_code(repository.path, tmp_path / "exp").state.changed == 0


def test_a_conflict_in_the_middle_of_a_merge_is_kept_as_it_stands(repository, tmp_path):
    repository.git("checkout", "-q", "-b", "side")
    repository.write("model.py", "side = 1\n")
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.write("model.py", "main = 1\n")
    repository.commit()
    with pytest.raises(subprocess.CalledProcessError):
        repository.git("merge", "side")
    folder, state, _ = kept(repository, tmp_path)
    restore(repository, tmp_path / "restored", folder, state)
    assert tree_of(tmp_path / "restored") == tree_of(repository.path)
    assert "<<<<<<<" in (tmp_path / "restored/model.py").read_text()


def test_a_repository_of_another_owner_that_git_does_not_trust_is_noted(repository, tmp_path):
    if os.getuid() != 0:
        pytest.skip("only root can give a folder to another user")
    for path in (repository.path, *repository.path.rglob("*")):
        os.chown(path, 12345, 12345)
    state = take_code(repository.path, tmp_path / "exp").state
    assert state.commit is None
    assert "dubious ownership" in state.notes[0]


def test_a_damaged_repository_is_noted(repository, tmp_path):
    repository.write("model.py", "changed = 1\n")
    (repository.path / ".git/index").write_bytes(b"no index")
    state = take_code(repository.path, tmp_path / "exp").state
    assert state.commit == repository.git("rev-parse", "HEAD")
    assert (state.dirty, state.digest, state.complete) == (None, None, False)
    assert "refused" in state.notes[-1]


def test_files_that_git_was_told_to_overlook_are_noted(repository, tmp_path):
    repository.git("update-index", "--assume-unchanged", "model.py")
    repository.write("model.py", "changed = 1\n")
    state = take_code(repository.path, tmp_path / "exp").state
    assert "takes 1 files for unchanged" in state.notes[0]


def test_taking_the_code_writes_nothing_to_the_repository(repository, tmp_path):
    repository.write("model.py", "changed = 1\n")
    repository.write("new.py")
    os.utime(repository.path / "package/data.py", (1, 1))
    before = {p: p.lstat().st_mtime_ns for p in repository.path.rglob("*")}
    take_code(repository.path, tmp_path / "exp")
    assert {p: p.lstat().st_mtime_ns for p in repository.path.rglob("*")} == before
