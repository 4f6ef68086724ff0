"""An archive holds what a run needs elsewhere, and the same runs give the same bytes."""

from __future__ import annotations

import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from stride.errors import RunBusyError, StoredFileError, UsageError, VerificationError
from stride.files import sha256_of
from stride.store.archive.export import export_runs
from stride.store.work_dir import WorkDir
from tests.store.kept_runs import add_checkpoint, completed, stopped


@pytest.fixture
def experiment(tmp_path: Path) -> WorkDir:
    return WorkDir(tmp_path / "exp")


@pytest.mark.parametrize("ending", ["tar.gz", "tgz", "tar", "zip"])
def test_the_same_runs_give_the_same_bytes(
    experiment: WorkDir, tmp_path: Path, ending: str
) -> None:
    runs = [completed(experiment), completed(experiment, name="named")]
    first, second = tmp_path / f"first.{ending}", tmp_path / f"second.{ending}"
    export_runs(runs, first)
    os.utime(runs[0].record_path, (1, 1))
    export_runs(runs, second)
    assert first.read_bytes() == second.read_bytes()


def test_any_program_unpacks_it_and_the_manifest_is_true(
    experiment: WorkDir, tmp_path: Path
) -> None:
    run = completed(experiment)
    done = export_runs([run], tmp_path / "a.tar.gz")
    export_runs([run], tmp_path / "a.zip")
    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        of_tar = {member.name: tar.extractfile(member) for member in tar.getmembers()}
        read = {name: stream.read() for name, stream in of_tar.items() if stream is not None}
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == read
    (archived,) = done.manifest.runs
    for file in archived.files:
        content = read[f"0/{file.name}"]
        assert (len(content), sha256_of(content)) == (file.size, file.digest)
        assert content == (run.path / file.name).read_bytes()
    assert len(read) == len(archived.files) + 1


def test_checkpoints_go_where_the_run_can_go_on_and_else_stay(
    experiment: WorkDir, tmp_path: Path
) -> None:
    done, open_one = completed(experiment), stopped(experiment)
    for run in (done, open_one):
        for step in (10, 20, 30):
            add_checkpoint(run, step)
    open_one.checkpoint_paths.folder(30).tensors_path.write_bytes(b"short")
    exported = export_runs([done, open_one], tmp_path / "a.tar")
    kept = [{name.name.split("/")[1] for name in run.files if "step-" in name.name}
            for run in exported.manifest.runs]  # fmt: skip
    assert kept == [set(), {"step-00000020"}]
    assert [len(names) for names in exported.left_out.values()] == [3, 2]
    every = export_runs([done], tmp_path / "b.tar", checkpoints=True)
    assert sum("step-" in file.name for file in every.manifest.runs[0].files) == 12
    none = export_runs([open_one], tmp_path / "c.tar", checkpoints=False)
    assert not any("checkpoints" in file.name for file in none.manifest.runs[0].files)


def test_links_locks_and_what_is_half_written_stay_behind(
    experiment: WorkDir, tmp_path: Path
) -> None:
    run = completed(experiment)
    (tmp_path / "secret").write_text("secret")
    (run.path / "away").symlink_to(tmp_path / "secret")
    (run.path / "folder").symlink_to(tmp_path)
    os.mkfifo(run.path / "pipe")
    (run.path / ".stop-request").write_text("{}")
    (run.logs_path / ".tmp-metrics.csv-1-a").write_text("half")
    exported = export_runs([run], tmp_path / "a.zip")
    assert exported.left_out[run.address] == {
        "away": "symbolic link",
        "folder": "symbolic link",
        "pipe": "no regular file",
    }
    names = {file.name for file in exported.manifest.runs[0].files}
    assert names == {
        "config.json",
        "run.json",
        "logs/metrics.csv",
        "weights/best.safetensors",
    }


def test_runs_of_two_experiments_with_one_number_have_folders_of_their_own(tmp_path: Path) -> None:
    runs = [completed(WorkDir(tmp_path / name)) for name in ("one", "two")]
    exported = export_runs(runs, tmp_path / "a.tar")
    assert [run.folder for run in exported.manifest.runs] == [
        "0",
        f"run-0-{runs[1].read_record().id}",
    ]
    assert [run.experiment for run in exported.manifest.runs] == ["one", "two"]


def test_a_run_that_trains_is_refused(experiment: WorkDir, tmp_path: Path) -> None:
    run = experiment.create({})
    with run.start(), pytest.raises(RunBusyError):
        export_runs([completed(experiment), run], tmp_path / "a.tar")
    assert not (tmp_path / "a.tar").exists()


@pytest.mark.parametrize("name", ["a", "a.rar", "a.tar.xz", "tar"])
def test_a_name_that_does_not_say_what_it_is_is_refused(
    experiment: WorkDir, tmp_path: Path, name: str
) -> None:
    with pytest.raises(UsageError, match=r"end it in \.tar\.gz, \.tar or \.zip"):
        export_runs([completed(experiment)], tmp_path / name)


def test_nothing_is_overwritten_and_nothing_is_written_into_a_run(
    experiment: WorkDir, tmp_path: Path
) -> None:
    run = completed(experiment)
    (tmp_path / "a.tar").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        export_runs([run], tmp_path / "a.tar")
    with pytest.raises(UsageError, match="elsewhere"):
        export_runs([run], run.path / "a.tar")
    assert (tmp_path / "a.tar").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "exp"]


def test_a_run_that_cannot_be_read_or_unpacked_elsewhere_is_refused(
    experiment: WorkDir, tmp_path: Path
) -> None:
    run = completed(experiment)
    (run.path / "notes").write_text("a")
    (run.path / "Notes").write_text("b")
    if len({path.read_text() for path in (run.path / "notes", run.path / "Notes")}) == 2:
        with pytest.raises(UsageError, match="the same name on other systems"):
            export_runs([run], tmp_path / "a.tar")
    run.record_path.write_text("{")
    with pytest.raises(StoredFileError):
        export_runs([run], tmp_path / "a.tar")
    with pytest.raises(UsageError, match="there is no folder"):
        export_runs([completed(experiment)], tmp_path / "nowhere" / "a.tar")
    assert list(tmp_path.iterdir()) == [experiment.path]


@pytest.mark.parametrize("ending", ["tar.gz", "zip"])
@pytest.mark.parametrize("content", [b"", b"other", b"longer than it was before" * 100])
def test_a_file_that_changes_meanwhile_is_noticed(
    experiment: WorkDir, tmp_path: Path, ending: str, content: bytes
) -> None:
    import sys

    run = completed(experiment)
    reads: list[str] = []

    def change(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and reads != ["over"] and str(arguments[0]).endswith(".safetensors"):
            reads.append("read")
            if len(reads) == 2:  # the first reading is for the manifest
                reads[:] = ["over"]
                run.weights_file("best").write_bytes(content)

    sys.addaudithook(change)
    with pytest.raises(VerificationError, match="changed while it was packed"):
        export_runs([run], tmp_path / f"a.{ending}")
    assert reads == ["over"]
    assert list(tmp_path.iterdir()) == [experiment.path]
