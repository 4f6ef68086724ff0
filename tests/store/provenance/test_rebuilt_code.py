"""Rebuilt code: the tree is the code that was taken, and nothing of the user's is touched."""

import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stride.files import read_json, sha256_of, write_json
from stride.store.provenance.code_patch import read_changed_files, read_patch
from stride.store.provenance.folder import ProvenanceFolder
from stride.store.provenance.git import GitError
from stride.store.provenance.read import read_folders
from stride.store.provenance.rebuilt_code import rebuild_code
from stride.store.provenance.scratch_repository import find_objects, open_scratch
from stride.store.provenance.take import take
from tests.repository import Repository


def taken(repository, target):
    """Take the provenance of the code as it is now."""
    take(target, experiment=target.parent / "exp", source=repository.path, argv=["train"])
    return read_folders([target])


def files_of(repository_or_scratch, tree):
    """Mode and content of each file of a tree, by path."""
    lines = repository_or_scratch.records("ls-tree", "-r", "-z", tree)
    found = {}
    for line in lines:
        head, _, path = line.partition("\t")
        mode, _, name = head.split(" ")
        found[path] = (mode, repository_or_scratch.run("cat-file", "blob", name))
    return found


def rebuilt(repository, provenance):
    with open_scratch([find_objects(repository.path)]) as scratch:
        code = rebuild_code(scratch, provenance)
        return code, files_of(scratch.git, code.tree)


def test_commit_changes_and_untracked_files_are_put_together(repository, tmp_path):
    repository.write("model.py", "one = 1\ntwo = 22\nthree = 3\n")
    repository.write("new/layer.py", "import math\n")
    repository.write("staged.py", "staged = True\n")
    repository.git("add", "staged.py")
    (repository.path / "package/data.py").unlink()
    program = repository.write("run.sh", "#!/bin/sh\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (repository.path / "link.py").symlink_to("model.py")
    code, files = rebuilt(repository, taken(repository, tmp_path / "provenance"))
    assert files == {
        ".gitignore": ("100644", b"*.log\n/ignored/\n"),
        "model.py": ("100644", b"one = 1\ntwo = 22\nthree = 3\n"),
        "new/layer.py": ("100644", b"import math\n"),
        "staged.py": ("100644", b"staged = True\n"),
        "run.sh": ("100755", b"#!/bin/sh\n"),
        "link.py": ("120000", b"model.py"),
    }
    assert code.matches_digest
    assert code.missing == ()


names = st.sampled_from(["a.py", "b.py", "package/c.py", "with space.py", "ünï.py", "d"])
contents = st.binary(max_size=60) | st.lists(
    st.sampled_from([b"x = 1", b"y = 2", b"", b"z\r"]), max_size=8
).map(b"\n".join)
edits = st.dictionaries(names, st.none() | contents, max_size=5)


def apply_edits(repository, changes):
    for name, content in changes.items():
        path = repository.path / name
        if content is not None:
            repository.write(name, content)
        elif path.exists():
            path.unlink()


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(committed=edits, before=edits, between=edits, after=edits, stage=st.booleans())
def test_the_patch_applied_to_the_first_code_gives_the_second(
    plain_git, committed, before, between, after, stage
):
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository(Path(folder) / "code")
        apply_edits(repository, committed)
        repository.commit()
        apply_edits(repository, before)
        first = taken(repository, Path(folder) / "first")
        repository.commit()
        apply_edits(repository, between)
        repository.commit()
        apply_edits(repository, after)
        if stage:
            repository.git("add", "-A")
        second = taken(repository, Path(folder) / "second")
        with open_scratch([find_objects(repository.path)]) as scratch:
            trees = [rebuild_code(scratch, each) for each in (first, second)]
            assert all(tree.matches_digest for tree in trees)
            patch = read_patch(scratch.git, trees[0].tree, trees[1].tree)
            git = scratch.with_index()
            git.run("read-tree", trees[0].tree)
            if patch:
                git.run("apply", "--cached", "--whitespace=nowarn", feed=patch)
            assert git.text("write-tree") == trees[1].tree
            changed = read_changed_files(scratch.git, trees[0].tree, trees[1].tree)
            assert bool(changed) == (trees[0].tree != trees[1].tree) == bool(patch)


def test_nothing_is_written_to_the_repository(repository, tmp_path):
    repository.write("model.py", "changed = 1\n")
    provenance = taken(repository, tmp_path / "provenance")

    def snapshot():
        return {
            path: (path.lstat().st_mtime_ns, path.lstat().st_ino)
            for path in repository.path.rglob("*")
        }

    before = snapshot()
    rebuilt(repository, provenance)
    assert snapshot() == before


def test_no_program_that_a_repository_names_is_run(repository, tmp_path):
    sprung = tmp_path / "sprung"
    program = tmp_path / "trap"
    program.write_text(f"#!/bin/sh\necho $0 $* >> '{sprung}'\ncat\n")
    program.chmod(0o755)
    repository.write("model.py", "changed = 1\n")
    provenance = taken(repository, tmp_path / "provenance")
    repository.write(".gitattributes", "*.py filter=evil diff=evil merge=evil\n")
    repository.commit()
    for key in ("fsmonitor", "sshCommand", "pager", "alternateRefsCommand", "hooksPath"):
        repository.git("config", f"core.{key}", str(program))
    for key in ("filter.evil.clean", "filter.evil.smudge", "diff.evil.textconv", "diff.external"):
        repository.git("config", key, str(program))
    for hook in ("post-index-change", "post-checkout", "reference-transaction", "pre-auto-gc"):
        (repository.path / ".git/hooks" / hook).symlink_to(program)
    second = taken(repository, tmp_path / "second")
    with open_scratch([find_objects(repository.path)]) as scratch:
        trees = [rebuild_code(scratch, each).tree for each in (provenance, second)]
        assert b".gitattributes" in read_patch(scratch.git, *trees)
    assert not sprung.exists()


def test_a_commit_that_is_none_is_never_handed_to_git(repository, tmp_path):
    provenance = taken(repository, tmp_path / "provenance")
    path = ProvenanceFolder(tmp_path / "provenance").code_path
    for commit in ("--help", "HEAD", "main", "a" * 40, f"{provenance.code.commit}\n"):
        write_json(path, read_json(path) | {"commit": commit})
        with pytest.raises(GitError, match="is not at hand"):
            rebuilt(repository, read_folders([tmp_path / "provenance"]))


@pytest.mark.parametrize("place", ["../../escaped.py", "/escaped.py", ".git/hooks/escaped.py"])
def test_a_path_that_leads_out_of_the_repository_is_left_out(repository, tmp_path, place):
    repository.write("new.py")
    taken(repository, tmp_path / "provenance")
    path = ProvenanceFolder(tmp_path / "provenance").code_path
    tree = read_json(path)
    tree["files"][0] |= {"path": place, "link": "x", "digest": sha256_of(b"x")}
    write_json(path, tree)
    code, files = rebuilt(repository, read_folders([tmp_path / "provenance"]))
    assert code.missing == (place,)
    assert set(files) == {".gitignore", "model.py", "package/data.py"}


def test_a_kept_file_that_was_changed_since_is_said_to_be_missing(repository, tmp_path):
    for name in ("changed.py", "gone.py", "whole.py"):
        repository.write(name)
    provenance = taken(repository, tmp_path / "provenance")
    untracked = ProvenanceFolder(tmp_path / "provenance").untracked_path
    (untracked / "changed.py").write_text("something else\n")
    (untracked / "gone.py").unlink()
    code, files = rebuilt(repository, provenance)
    assert code.missing == ("changed.py", "gone.py")
    assert "whole.py" in files
    assert not code.matches_digest


def test_a_link_in_place_of_a_kept_file_is_not_followed(repository, tmp_path):
    repository.write("new.py")
    provenance = taken(repository, tmp_path / "provenance")
    kept = ProvenanceFolder(tmp_path / "provenance").untracked_path / "new.py"
    shutil.move(kept, tmp_path / "elsewhere.py")
    kept.symlink_to(tmp_path / "elsewhere.py")
    code, _ = rebuilt(repository, provenance)
    assert code.missing == ("new.py",)


@pytest.mark.skipif(os.uname().sysname == "Darwin", reason="there every file name is UTF-8")
def test_names_that_are_no_text_come_back_as_they_were(repository, tmp_path):
    repository.write(b"caf\xe9.py", "tea = 0\n")
    repository.write("with\\xff.py", "x = 2\n")
    code, files = rebuilt(repository, taken(repository, tmp_path / "provenance"))
    assert files[os.fsdecode(b"caf\xe9.py")] == ("100644", b"tea = 0\n")
    assert files["with\\xff.py"] == ("100644", b"x = 2\n")
    assert code.matches_digest


def test_many_kept_files_are_stored_at_once(repository, tmp_path):
    for number in range(40):
        repository.write(f"new/file{number}.py", f"number = {number}\n")
    code, files = rebuilt(repository, taken(repository, tmp_path / "provenance"))
    assert files["new/file39.py"] == ("100644", b"number = 39\n")
    assert code.matches_digest


def test_code_before_the_first_commit_is_put_together(new_repository, tmp_path):
    repository = new_repository(tmp_path / "young")
    repository.write("model.py", "x = 1\n")
    repository.git("add", "model.py")
    repository.write("new.py", "y = 2\n")
    code, files = rebuilt(repository, taken(repository, tmp_path / "provenance"))
    assert set(files) == {"model.py", "new.py"}
    assert code.matches_digest


def test_repositories_that_name_objects_by_sha256_do_as_well(new_repository, tmp_path):
    repository = new_repository(tmp_path / "modern", "--object-format=sha256")
    repository.write("model.py", "x = 1\n")
    repository.commit()
    repository.write("model.py", "x = 2\n")
    code, files = rebuilt(repository, taken(repository, tmp_path / "provenance"))
    assert files["model.py"][1] == b"x = 2\n"
    assert (len(code.tree), code.matches_digest) == (64, True)


def test_a_submodule_is_at_the_commit_that_was_checked_out(new_repository, tmp_path):
    inner = new_repository(tmp_path / "inner")
    inner.write("part.py")
    inner.commit()
    outer = new_repository(tmp_path / "outer")
    outer.git("submodule", "--quiet", "add", str(inner.path), "inner")
    outer.commit()
    provenance = taken(outer, tmp_path / "first")
    moved = Repository(outer.path / "inner")
    moved.write("part.py", "moved = 1\n")
    commit = moved.commit()
    second = taken(outer, tmp_path / "second")
    with open_scratch([find_objects(outer.path)]) as scratch:
        trees = [rebuild_code(scratch, each) for each in (provenance, second)]
        assert all(tree.matches_digest for tree in trees)
        patch = read_patch(scratch.git, trees[0].tree, trees[1].tree)
    assert f"+Subproject commit {commit}".encode() in patch


def test_a_file_behind_a_filter_is_there_as_it_was_on_the_disk(repository, tmp_path):
    repository.git("config", "filter.strip.clean", "sed s/secret//")
    repository.write(".gitattributes", "*.ipynb filter=strip\n")
    repository.write("notebook.ipynb", "{}\n")
    repository.commit()
    repository.write("notebook.ipynb", '{"cells": []}\n')
    code, files = rebuilt(repository, taken(repository, tmp_path / "provenance"))
    assert files["notebook.ipynb"] == ("100644", b'{"cells": []}\n')
    assert code.matches_digest


def test_a_diff_that_does_not_fit_the_commit_is_refused_in_a_sentence(repository, tmp_path):
    repository.write("model.py", "changed = 1\n")
    provenance = taken(repository, tmp_path / "provenance")
    diff = ProvenanceFolder(tmp_path / "provenance").diff_path
    diff.write_bytes(diff.read_bytes().replace(b"-two = 2", b"-two = 3"))
    with pytest.raises(GitError, match="git apply refused"):
        rebuilt(repository, provenance)


def test_settings_of_the_user_do_not_change_what_is_built(repository, tmp_path):
    repository.write("model.py", "trailing = 1  \r\n\tx\r\n\n\n")
    provenance = taken(repository, tmp_path / "provenance")
    for key, value in {
        "apply.whitespace": "fix",
        "core.autocrlf": "input",
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.orderFile": "/nowhere",
        "diff.submodule": "log",
        "safe.bareRepository": "explicit",
    }.items():
        subprocess.run(["git", "config", "--global", key, value], check=True)
    code, files = rebuilt(repository, provenance)
    assert files["model.py"][1] == b"trailing = 1  \r\n\tx\r\n\n\n"
    assert code.matches_digest
    with open_scratch([find_objects(repository.path)]) as scratch:
        tree = rebuild_code(scratch, provenance).tree
        patch = read_patch(scratch.git, f"{provenance.code.commit}^{{tree}}", tree)
    assert patch.startswith(b"diff --git a/model.py b/model.py\n")


def test_what_is_recorded_of_code_without_a_repository_cannot_be_built(tmp_path, repository):
    provenance = taken(repository, tmp_path / "provenance")
    lost = msgspec.structs.replace(provenance.code, commit="b" * 40)
    provenance = type(provenance)(code=lost, code_folder=provenance.code_folder)
    with pytest.raises(GitError, match="bbbbbbbbbbbb is not at hand"):
        rebuilt(repository, provenance)
