"""An import gives the same bytes, the same id, the next number; and once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from stride.errors import NotAnExperimentError, RunExistsError, StoredFileError, UsageError
from stride.store.archive.export import export_runs
from stride.store.archive.importing import import_runs
from stride.store.archive.member_names import refusal
from stride.store.archive.origin import read_origin
from stride.store.trash import remove_run
from stride.store.work_dir import WorkDir
from tests.store.kept_runs import add_checkpoint, bytes_of, completed, stopped


@pytest.fixture
def source(tmp_path: Path) -> WorkDir:
    experiment = WorkDir(tmp_path / "source")
    completed(experiment)
    completed(experiment, name="baseline")
    add_checkpoint(stopped(experiment), 10)
    return experiment


def packed(experiment: WorkDir, path: Path) -> Path:
    export_runs([*experiment.runs()], path)
    return path


ONLY_HERE = {".attempt.lock", ".labels.lock", "imported.json"}


def content(folder: Path) -> dict[str, bytes]:
    return {
        name: data
        for name, data in bytes_of(folder).items()
        if name not in ONLY_HERE and data != b"/"
    }


@pytest.mark.parametrize("ending", ["tar.gz", "tar", "zip"])
def test_runs_come_with_the_next_numbers_their_bytes_and_their_ids(
    source: WorkDir, tmp_path: Path, ending: str
) -> None:
    target = WorkDir(tmp_path / "target")
    target.create({})
    done = import_runs(packed(source, tmp_path / f"a.{ending}"), target)
    assert [run.name for run, _ in done.runs] == ["1", "2", "3"]
    assert [origin.run for _, origin in done.runs] == ["0", "1", "baseline"]
    for (run, origin), before in zip(done.runs, source.runs(), strict=True):
        assert content(run.path) == content(before.path)
        assert run.read_record() == before.read_record()
        assert read_origin(run.import_path) == origin
        assert (origin.experiment, origin.id) == ("source", before.read_record().id)
    assert target.create({}).number == 4
    assert [path.name for path in target.staging_path.iterdir() if path.is_dir()] == []


def test_an_experiment_is_made_for_them_where_there_is_none(
    source: WorkDir, tmp_path: Path
) -> None:
    archive = packed(source, tmp_path / "a.zip")
    assert len(import_runs(archive, WorkDir(tmp_path / "new" / "exp")).runs) == 3
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("mine")
    with pytest.raises(NotAnExperimentError):
        import_runs(archive, WorkDir(tmp_path / "other"))
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["thesis.tex"]


def test_a_run_that_is_there_already_is_refused_with_where(source: WorkDir, tmp_path: Path) -> None:
    archive = packed(source, tmp_path / "a.zip")
    target = WorkDir(tmp_path / "target")
    import_runs(archive, target)
    before = bytes_of(target.path)
    with pytest.raises(RunExistsError, match=r"is in .*target/0 already, and 2 more"):
        import_runs(archive, target)
    with pytest.raises(RunExistsError, match=r"source/0"):
        import_runs(archive, source)
    assert bytes_of(target.path) == before
    remove_run(target.run(1))
    with pytest.raises(RunExistsError):
        import_runs(archive, target)
    done = import_runs(archive, target, skip_existing=True)
    assert done.runs == ()
    assert [where for _, where in done.skipped][-1].startswith("the trash, as ")


def test_those_that_are_missing_are_taken_where_that_is_asked(
    source: WorkDir, tmp_path: Path
) -> None:
    target = WorkDir(tmp_path / "target")
    export_runs([source.run("baseline")], tmp_path / "one.tar")
    import_runs(tmp_path / "one.tar", target)
    done = import_runs(packed(source, tmp_path / "a.tar.gz"), target, skip_existing=True)
    assert [origin.run for _, origin in done.runs] == ["0", "1"]
    assert [run.name for run in target.runs()] == ["0", "1", "2"]


def test_an_imported_run_goes_on_into_a_further_archive(source: WorkDir, tmp_path: Path) -> None:
    first, second = WorkDir(tmp_path / "first"), WorkDir(tmp_path / "second")
    import_runs(packed(source, tmp_path / "a.zip"), first)
    done = import_runs(packed(first, tmp_path / "b.zip"), second)
    assert [origin.experiment for _, origin in done.runs] == ["first"] * 3
    assert content(second.run(2).path) == content(source.run("baseline").path)


def test_executable_files_stay_so(source: WorkDir, tmp_path: Path) -> None:
    path = source.run(0).path / "provenance" / "untracked" / "go.sh"
    path.parent.mkdir(parents=True)
    path.write_text("echo")
    path.chmod(0o755)
    ((run, _), *_) = import_runs(packed(source, tmp_path / "a.tar"), WorkDir(tmp_path / "t")).runs
    assert os.access(run.path / "provenance" / "untracked" / "go.sh", os.X_OK)
    assert not os.access(run.config_path, os.X_OK)


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04" + bytes(100), b"\x1f\x8b" + bytes(9),
                                     b"x" * 2000, bytes(10240)])  # fmt: skip
def test_what_is_no_archive_makes_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(UsageError):
        import_runs(tmp_path / "a", WorkDir(tmp_path / "exp"))
    with pytest.raises(UsageError, match="there is no archive"):
        import_runs(tmp_path / "b", WorkDir(tmp_path / "exp"))
    assert not (tmp_path / "exp").exists()


@settings(deadline=None, max_examples=25)
@given(cut=st.floats(0, 1, exclude_max=True), kind=st.sampled_from(["tar.gz", "tar", "zip"]))
def test_an_archive_that_was_cut_off_gives_nothing(
    tmp_path_factory: pytest.TempPathFactory, cut: float, kind: str
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    source = WorkDir(folder / "source")
    completed(source)
    archive = packed(source, folder / f"a.{kind}")
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(len(whole) * cut)])
    try:
        done = import_runs(archive, WorkDir(folder / "exp"))
    except (UsageError, StoredFileError):
        assert not (folder / "exp").exists()
    else:  # of a tar, what is behind the last file is nothing but zeros
        assert content(done.runs[0][0].path) == content(source.run(0).path)


NAMES = st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20), max_size=3)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    files=st.dictionaries(NAMES.map("/".join), st.binary(max_size=3000), max_size=6),
    kind=st.sampled_from(["tar.gz", "tar", "zip"]),
)
def test_what_was_packed_comes_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], kind: str
) -> None:
    folder = tmp_path_factory.mktemp("law")
    source = WorkDir(folder / "source")
    run = source.create({})
    every = [f"results/{name}" for name in files]
    assume(refusal([*every, "run.json", "config.json"]) is None)
    for name, data in files.items():
        path = run.path / "results" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    ((imported, _),) = import_runs(
        packed(source, folder / f"a.{kind}"), WorkDir(folder / "target")
    ).runs
    assert content(imported.path) == content(run.path)
