"""Head: commit, branch, remote, and submodules."""

import pytest

from stride.store.provenance.code import take_code
from stride.store.provenance.record import Remote


def state_of(repository, tmp_path):
    return take_code(repository.path, tmp_path / "exp").state


def test_a_detached_head_has_a_commit_and_no_branch(repository, tmp_path):
    first = repository.git("rev-parse", "HEAD")
    repository.commit("second")
    repository.git("checkout", "-q", first)
    state = state_of(repository, tmp_path)
    assert (state.commit, state.branch, state.dirty) == (first, None, False)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://user:hunter2@example.org/a/b.git", "https://example.org/a/b.git"),
        ("https://oauth2token@example.org/b.git?private_token=x#y", "https://example.org/b.git"),
        ("ssh://git:hunter2@example.org:22/b.git", "ssh://git@example.org:22/b.git"),
        ("git@example.org:a/b.git", "git@example.org:a/b.git"),
        ("ext::sh -c 'echo hunter2'", "ext::***"),
        ("/a/folder with space", "/a/folder with space"),
    ],
)
def test_the_address_of_the_remote_is_kept_without_credentials(repository, tmp_path, url, kept):
    repository.git("remote", "add", "origin", url)
    assert state_of(repository, tmp_path).remote == Remote("origin", kept)


def test_the_remote_is_the_one_that_the_branch_follows(repository, tmp_path):
    repository.git("remote", "add", "origin", "/origin")
    repository.git("remote", "add", "fork", "/fork")
    assert state_of(repository, tmp_path).remote == Remote("origin", "/origin")
    repository.git("config", "branch.main.remote", "fork")
    assert state_of(repository, tmp_path).remote == Remote("fork", "/fork")


def test_a_commit_that_no_remote_has_is_noted(repository, tmp_path):
    assert state_of(repository, tmp_path).pushed is None
    repository.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    repository.git("remote", "add", "origin", str(tmp_path / "bare"))
    repository.git("fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*")
    assert (state_of(repository, tmp_path).pushed, state_of(repository, tmp_path).notes) == (
        True,
        (),
    )
    repository.commit("second")
    state = state_of(repository, tmp_path)
    assert state.pushed is False
    assert "only this repository has it" in state.notes[0]


@pytest.fixture
def with_submodule(repository, new_repository, tmp_path):
    """The repository with a second one as its submodule `library`."""
    library = new_repository(tmp_path / "library")
    library.write("inner.py")
    library.commit()
    repository.git("submodule", "--quiet", "add", str(library.path), "library")
    repository.commit("with a submodule")
    return repository


def test_a_submodule_is_told_by_its_commit(with_submodule, tmp_path):
    state = state_of(with_submodule, tmp_path)
    (module,) = state.submodules
    assert (module.path, module.commit, module.changed) == ("library", module.recorded, False)
    assert (state.complete, state.files, state.dirty) == (True, (), False)


def test_a_submodule_that_was_changed_is_noted_and_alters_the_digest(with_submodule, tmp_path):
    before = state_of(with_submodule, tmp_path)
    (with_submodule.path / "library/inner.py").write_text("changed = 1\n")
    changed = state_of(with_submodule, tmp_path)
    assert changed.submodules[0].changed
    assert not changed.complete
    assert "submodule" in changed.notes[0]
    with_submodule.git("-C", "library", "commit", "-qam", "inner")
    moved = state_of(with_submodule, tmp_path)
    assert moved.submodules[0].commit != moved.submodules[0].recorded
    assert moved.digest != before.digest


def test_a_submodule_that_is_not_checked_out_has_no_commit(with_submodule, tmp_path):
    with_submodule.git("submodule", "--quiet", "deinit", "library")
    state = state_of(with_submodule, tmp_path)
    assert state.submodules[0].commit is None
    assert state.complete
