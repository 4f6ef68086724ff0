"""Digest: the same for the same code, another for other code."""

import pytest

from stride.store.provenance.code import take_code


def digest(repository, tmp_path) -> str:
    found = take_code(repository.path, tmp_path / "exp").state.digest
    assert found is not None
    return found


def test_the_message_the_branch_and_the_remote_of_a_commit_do_not_count(repository, tmp_path):
    before = digest(repository, tmp_path)
    repository.git("checkout", "-q", "-b", "other")
    repository.git("commit", "-q", "--allow-empty", "-m", "another message")
    repository.git("remote", "add", "origin", "/elsewhere")
    assert digest(repository, tmp_path) == before


def test_the_place_of_the_repository_does_not_count(repository, new_repository, tmp_path):
    repository.git("clone", "-q", ".", str(tmp_path / "clone"))
    clone = new_repository(tmp_path / "clone")
    clone.write("model.py", "changed = 1\n")
    repository.write("model.py", "changed = 1\n")
    assert digest(clone, tmp_path) == digest(repository, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.write("model.py", "changed = 1\n"),
        lambda r: r.write("new.py"),
        lambda r: (r.path / "model.py").chmod(0o755),
        lambda r: (r.path / "model.py").unlink(),
        lambda r: (r.path / "model.py").rename(r.path / "renamed.py"),
        lambda r: (r.path / "link.py").symlink_to("model.py"),
        lambda r: r.write("large.json", bytes(9 << 20)) and r.git("add", "-A"),
    ],
)
def test_every_change_of_the_code_counts(repository, tmp_path, change):
    before = digest(repository, tmp_path)
    change(repository)
    assert digest(repository, tmp_path) != before


def test_a_change_that_is_too_large_to_keep_still_counts(repository, tmp_path):
    repository.write("large.json", bytes(9 << 20))
    repository.commit()
    repository.write("large.json", bytes(9 << 20) + b"1")
    first = digest(repository, tmp_path)
    repository.write("large.json", bytes(9 << 20) + b"2")
    assert digest(repository, tmp_path) != first


def test_the_content_of_a_file_of_secrets_does_not_count(repository, tmp_path):
    repository.write(".env", "A=1\n")
    repository.commit()
    repository.write(".env", "A=2\n")
    first = digest(repository, tmp_path)
    repository.write(".env", "A=3\n")
    assert digest(repository, tmp_path) == first


def test_what_is_no_source_and_untracked_does_not_count(repository, tmp_path):
    before = digest(repository, tmp_path)
    repository.write("data.npz", b"1")
    assert digest(repository, tmp_path) == before


def test_a_repository_that_names_objects_by_sha256_has_the_law_too(new_repository, tmp_path):
    repository = new_repository(tmp_path / "code")
    repository.git("init", "-q", "--object-format=sha256", str(tmp_path / "long"))
    long = new_repository(tmp_path / "long")
    long.write("model.py")
    before = digest(long, tmp_path)
    long.commit()
    assert digest(long, tmp_path) == before
    long.write("model.py", "changed = 1\n")
    changed = digest(long, tmp_path)
    long.commit()
    assert digest(long, tmp_path) == changed
