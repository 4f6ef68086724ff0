"""Experiments: none of a repository's experiments is taken for code."""

import pytest

from stride.files import write_json
from stride.store.provenance.code import take_code


def make_experiment(path) -> None:
    """An experiment as it lies on the disk, with one run and its files."""
    (path / "0/provenance/untracked").mkdir(parents=True)
    write_json(path / "config.json", {"format": 1})
    write_json(path / "0/config.json", {"format": 1, "seed": 0})
    write_json(path / "0/run.json", {"format": 1})
    (path / "0/provenance/untracked/old.py").write_text("old = 1\n")
    (path / ".stride").mkdir()
    (path / ".stride/cache.json").write_text("{}")


def kept(code) -> list[str]:
    return [file.path for file in code.state.files]


def test_an_experiment_inside_the_repository_is_left_out_and_named(repository, tmp_path):
    make_experiment(repository.path / "exp")
    make_experiment(repository.path / "folder/other")
    repository.write("folder/new.py")
    repository.write("config.json", '{"format": "of another program"}')
    code = take_code(repository.path, repository.path / "exp")
    assert kept(code) == ["folder/new.py", "config.json"]
    assert {(item.path, item.reason) for item in code.state.left_out} == {
        ("exp", "belongs to an experiment"),
        ("folder/other", "belongs to an experiment"),
    }
    assert code.state.complete


def test_the_own_experiment_is_left_out_before_it_has_a_config(repository, tmp_path):
    repository.write("exp/.staging/new.py")
    assert kept(take_code(repository.path, repository.path / "exp")) == []
    assert kept(take_code(repository.path, tmp_path / "exp")) == ["exp/.staging/new.py"]


def test_tracked_files_of_an_experiment_are_neither_in_diff_nor_in_digest(repository, tmp_path):
    make_experiment(repository.path / "exp")
    repository.write("exp/README.md", "one\n")
    repository.commit()
    before = take_code(repository.path, repository.path / "exp")
    repository.write("exp/README.md", "two\n")
    repository.write("exp/0/provenance/untracked/old.py", "old = 2\n")
    after = take_code(repository.path, repository.path / "exp")
    assert (after.diff, after.state.dirty) == (b"", False)
    assert after.state.digest == before.state.digest
    repository.write("model.py", "changed = 1\n")
    assert take_code(repository.path, repository.path / "exp").diff.count(b"diff --git") == 1


@pytest.mark.parametrize("own", [".", "..", "package"])
def test_an_experiment_that_holds_the_code_leaves_out_only_its_runs(repository, own):
    experiment = (repository.path / own).resolve()
    make_experiment(experiment)
    repository.write("new.py")
    repository.write("package/new.py")
    repository.write("numbers/0/new.py")
    repository.write("model.py", "changed = 1\n")
    source = experiment if own == "package" else repository.path
    code = take_code(source, experiment)
    assert sorted(kept(code)) == ["new.py", "numbers/0/new.py", "package/new.py"]
    assert b"+changed = 1" in code.diff
    inside = {"..": "", ".": "{}", "package": "package/{}"}[own]
    expected = {inside.format(name) for name in (".stride", "0", "config.json")} - {""}
    assert {item.path for item in code.state.left_out} == expected


def test_a_link_to_the_experiment_is_seen_through(repository, tmp_path):
    repository.write("real/run.py")
    (tmp_path / "link").symlink_to(repository.path / "real")
    assert kept(take_code(repository.path, tmp_path / "link")) == []
