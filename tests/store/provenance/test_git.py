"""Git: no program but git runs, nothing is written, and a git that hangs is ended."""

import os
import select
import stat
import time
from pathlib import Path

import pytest

from stride.store.provenance.code import take_code
from stride.store.provenance.git import Git, GitError, open_repository


@pytest.fixture
def trap(tmp_path: Path) -> tuple[Path, Path]:
    """A program, and the file that it writes when it runs."""
    sprung = tmp_path / "sprung"
    program = tmp_path / "trap"
    program.write_text(f"#!/bin/sh\necho $0 $* >> '{sprung}'\ncat\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program, sprung


def test_programs_that_a_repository_configures_do_not_run(repository, tmp_path, trap):
    program, sprung = trap
    repository.write(".gitattributes", "*.py filter=evil diff=evil\n")
    repository.write("library/inner.py")
    repository.commit()
    for key in ("fsmonitor", "sshCommand", "pager", "askPass", "gitProxy", "alternateRefsCommand"):
        repository.git("config", f"core.{key}", str(program))
    for key in ("filter.evil.clean", "filter.evil.smudge", "diff.evil.textconv"):
        repository.git("config", key, str(program))
    repository.git("config", "diff.evil.command", str(program))
    repository.git("config", "diff.external", str(program))
    repository.git("config", "filter.evil.required", "true")
    repository.git("config", "log.showSignature", "true")
    repository.git("config", "gpg.program", str(program))
    for hook in ("post-index-change", "fsmonitor-watchman", "query-watchman"):
        (repository.path / ".git/hooks" / hook).symlink_to(program)
    repository.write("model.py", "changed = 1\n")
    os.utime(repository.path / "package/data.py", (1, 1))
    repository.write("new.py")

    state = take_code(repository.path, tmp_path / "exp").state

    assert not sprung.exists()
    assert state.notes == ()
    assert (state.changed, [file.path for file in state.files]) == (1, ["model.py", "new.py"])
    repository.git("status")
    assert sprung.exists()  # the trap works


def test_a_file_behind_a_filter_is_kept_whole(repository, tmp_path, trap):
    program, sprung = trap
    repository.write(".gitattributes", "*.ipynb filter=strip\n")
    repository.write("notebook.ipynb", "{}\n")
    repository.commit()
    repository.git("config", "filter.strip.clean", str(program))
    repository.write("notebook.ipynb", '{"cells": []}\n')
    repository.write("model.py", "changed = 1\n")
    taken = take_code(repository.path, tmp_path / "exp")
    assert [(file.path, file.tracked) for file in taken.state.files] == [("notebook.ipynb", True)]
    assert taken.files[0].content == b'{"cells": []}\n'
    assert b"notebook" not in taken.diff
    assert taken.state.complete
    assert not sprung.exists()


def test_variables_that_point_git_elsewhere_do_not_count(
    repository, new_repository, tmp_path, monkeypatch, trap
):
    program, sprung = trap
    other = new_repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git/index"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(program))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", f"'core.fsmonitor={program}'")
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    repository.write("model.py", "changed = 1\n")
    state = take_code(repository.path, tmp_path / "exp").state
    assert (state.repository, state.changed) == (str(repository.path), 1)
    assert not sprung.exists()
    assert not (tmp_path / "trace").exists()


def test_a_filter_whose_name_cannot_be_switched_off_is_refused(repository, tmp_path, trap):
    program, sprung = trap
    repository.git("config", "filter.a=b.clean", str(program))
    repository.write(".gitattributes", "*.py filter=a=b\n")
    repository.write("model.py", "changed = 1\n")
    state = take_code(repository.path, tmp_path / "exp").state
    assert "cannot be switched off" in state.notes[0]
    assert not sprung.exists()


def test_a_git_that_hangs_is_ended_with_all_that_it_started(tmp_path, monkeypatch):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    program = tmp_path / "bin/git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexec 3> '{pipe}'\necho started >&3\nsleep 1000 & wait\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    state = take_code(tmp_path, tmp_path / "exp", seconds=1.0).state
    assert state.notes == ("git rev-parse took longer than it may and was ended",)
    assert os.read(reader, 100) == b"started\n"
    assert select.select([reader], [], [], 10.0)[0]
    assert os.read(reader, 100) == b""  # the pipe ends when the last process that holds it is dead
    os.close(reader)


def test_no_question_is_asked_after_the_deadline(repository):
    with pytest.raises(GitError, match="too long already"):
        Git(repository.path, time.monotonic() - 1).run("status")


def test_the_sentence_of_a_refusal_has_the_words_of_git_but_no_credentials(repository):
    git = Git(repository.path, time.monotonic() + 60)
    with pytest.raises(GitError, match=r"git ls-remote refused: .*'https'.*not allowed"):
        git.run("ls-remote", "https://user:pass@example.org/x")
    with pytest.raises(GitError) as caught:
        git.run("rev-parse", "--verify", "https://user:pass@example.org/x")
    assert "pass" not in str(caught.value)


def test_the_copy_of_the_index_goes_when_the_repository_is_closed(
    repository, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with open_repository(repository.path) as (git, _):
        assert git.records("ls-files", "-z") == [".gitignore", "model.py", "package/data.py"]
        assert len(list((tmp_path / "temporary").iterdir())) == 1
    assert list((tmp_path / "temporary").iterdir()) == []
