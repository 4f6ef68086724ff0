"""The doctor finds damage and leftovers, mends what is safe to, and deletes no content."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stride.files import sha256_of
from stride.store.checkpoint_paths import CheckpointPaths
from stride.store.doctor.examination import examine, treat
from stride.store.doctor.finding import Finding, Level
from stride.store.requests import write_request
from stride.store.run import Run
from stride.store.trash import remove_run
from stride.store.work_dir import WorkDir
from tests.store.kept_runs import SIZE, add_checkpoint, bytes_of, completed, stopped, write_weights

DIE_IN_TRAINING = """
import os, signal, sys
from stride.store.run import Run
with Run(sys.argv[1]).start() as attempt:
    attempt.sign(step=3, promise=1000.0)
    os.kill(os.getpid(), signal.SIGKILL)
"""
DIE_IN_CREATION = """
import os, signal, sys
from stride.store.work_dir import WorkDir

def die_before_the_run_appears(event, arguments):
    if event == "os.rename" and ".staging" in str(arguments[0]):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die_before_the_run_appears)
WorkDir(sys.argv[1]).create({})
"""


@pytest.fixture
def experiment(tmp_path: Path) -> WorkDir:
    made = WorkDir(tmp_path / "exp")
    add_checkpoint(completed(made), 10)
    run = stopped(made)
    add_checkpoint(run, 10)
    add_checkpoint(run, 20)
    completed(made, name="baseline")
    return made


def kinds(experiment: WorkDir, *, deep: bool = False) -> list[tuple[str, str]]:
    """Kind of each finding, with the path in the experiment."""
    return [
        (each.kind, str(each.path.relative_to(experiment.path)))
        for each in examine(experiment, deep=deep)
    ]


def mend(experiment: WorkDir, *, deep: bool = False) -> list[Finding]:
    """Mend; what remains as a problem. All content that was there is there still."""
    before = {data for data in bytes_of(experiment.path).values() if data.strip(b"\0")}
    treated = [*treat(examine(experiment, deep=deep), fix=True)]
    assert before <= {*bytes_of(experiment.path).values()}
    assert all(each.failure is None for each in treated)
    return [each.finding for each in treated if each.remains]


def test_a_sound_experiment_is_well_and_stays_as_it_is(experiment: WorkDir) -> None:
    remove_run(experiment.run("baseline"))
    before = bytes_of(experiment.path)
    assert kinds(experiment, deep=True) == []
    assert bytes_of(experiment.path) == before
    assert mend(experiment, deep=True) == []
    assert bytes_of(experiment.path) == before


@pytest.mark.parametrize("content", [b"", b'{"tags": ["a"', b"[]", b"\xff\xfe"])
def test_torn_labels_are_set_aside_and_can_be_written_again(
    experiment: WorkDir, content: bytes
) -> None:
    run = experiment.run(1)
    run.labels_path.write_bytes(content)
    assert kinds(experiment) == [("torn file", "1/labels.json")]
    assert mend(experiment) == []
    assert run.write_labels(add_tags=("new",)).tags == ("new",)
    assert kinds(experiment) == []


@pytest.mark.parametrize("content", [b"", b'{"format": 1, "id"'])
def test_a_torn_record_is_replaced_by_the_whole_one_beside_it(
    experiment: WorkDir, content: bytes
) -> None:
    run = experiment.run(0)
    before = run.read_record()
    run.record_path.rename(run.path / ".tmp-run.json-999999999-ab12")
    run.record_path.write_bytes(content)
    assert ("torn file", "0/run.json") in kinds(experiment)
    assert mend(experiment) == []
    assert run.read_record() == before
    assert kinds(experiment) == []


@pytest.mark.parametrize("name", ["run.json", "config.json"])
def test_a_torn_file_without_another_is_said_and_left(experiment: WorkDir, name: str) -> None:
    path = experiment.run(0).path / name
    path.write_bytes(b'{"torn')
    assert ("torn file", f"0/{name}") in kinds(experiment)
    assert [each.path for each in mend(experiment)] == [path]
    assert path.read_bytes() == b'{"torn'


def test_a_run_without_one_of_its_files_is_said_once(experiment: WorkDir) -> None:
    experiment.run(0).config_path.unlink()
    experiment.run(1).record_path.unlink()
    assert kinds(experiment) == [
        ("record without config", "0/config.json"),
        ("config without record", "1/run.json"),
    ]


def test_a_torn_config_of_the_experiment_is_found(experiment: WorkDir) -> None:
    experiment.config_path.write_bytes(b"{")
    assert kinds(experiment) == [("torn file", "config.json")]


def test_half_checkpoints_are_set_aside(experiment: WorkDir) -> None:
    run = experiment.run(1)
    half = run.checkpoints_path / ".staging-00000030-1-ab"
    half.mkdir()
    (half / "tensors.safetensors").write_bytes(b"half")
    assert kinds(experiment) == [("half checkpoint", f"1/checkpoints/{half.name}")]
    assert mend(experiment) == []
    assert run.checkpoint_paths.leftovers() == []


def test_broken_checkpoints_are_set_aside_unless_they_are_all_there_is(
    experiment: WorkDir,
) -> None:
    paths = experiment.run(1).checkpoint_paths
    newest = paths.folder(20)
    newest.tensors_path.write_bytes(b"x" * SIZE)  # as long as it was
    assert kinds(experiment) == []
    assert kinds(experiment, deep=True) == [("broken checkpoint", "1/checkpoints/step-00000020")]
    newest.tensors_path.write_bytes(b"short")
    assert kinds(experiment) == [("broken checkpoint", "1/checkpoints/step-00000020")]
    assert mend(experiment) == []
    assert names(paths) == ["step-00000010"]
    paths.folder(10).manifest_path.write_bytes(b"{")
    (left,) = mend(experiment)
    assert left.path == paths.folder(10).path
    assert names(paths) == ["step-00000010"]


def names(paths: CheckpointPaths) -> list[str]:
    return [folder.name for folder in paths.committed()]


def test_a_torn_hint_is_set_aside(experiment: WorkDir) -> None:
    hint = experiment.run(1).checkpoint_paths.newest_path
    hint.write_bytes(b"{")
    assert kinds(experiment) == [("torn file", "1/checkpoints/newest.json")]
    assert mend(experiment) == []
    assert not hint.exists()


def test_weights_that_are_missing_or_others_are_said(experiment: WorkDir) -> None:
    experiment.run(0).weights_file("best").unlink()
    experiment.run("baseline").weights_file("best").write_bytes(b"x" * SIZE)
    missing = ("missing file", "0/weights/best.safetensors")
    assert kinds(experiment) == [missing]
    assert kinds(experiment, deep=True) == [
        missing,
        ("digest does not hold", "baseline/weights/best.safetensors"),
    ]
    assert len(mend(experiment, deep=True)) == 2


def test_weights_of_a_killed_writing_are_one_of_the_two_that_are_recorded(
    experiment: WorkDir,
) -> None:
    run = experiment.create({})
    attempt = run.start()
    attempt.digest("best.safetensors.before", write_weights(run, b"o"))
    attempt.digest("best.safetensors", sha256_of(b"n" * SIZE))
    attempt.digest("last.safetensors", sha256_of(b"l"))
    attempt.write()
    record = run.record_path.read_bytes()
    attempt.complete()
    dead = re.sub(rb'"pid": \d+', b'"pid": 999999999', record)  # a pid that no process has
    run.record_path.write_bytes(dead)
    found = {each.kind: each for each in examine(experiment, deep=True)}
    assert found.keys() == {"crashed run", "missing file"}
    assert found["missing file"].path == run.weights_file("last")
    assert found["missing file"].level is Level.NOTE
    write_weights(run, b"x")
    assert "digest does not hold" in [kind for kind, _ in kinds(experiment, deep=True)]


@pytest.mark.parametrize("place", ["", "0", "0/logs", "0/weights", ".stride"])
def test_orphan_temporary_files_are_set_aside_and_those_in_use_stay(
    experiment: WorkDir, place: str
) -> None:
    folder = experiment.path / place
    orphan, living = folder / ".tmp-x.json-999999999-ab12", folder / f".tmp-y-{os.getpid()}-ab12"
    for path in (orphan, living):
        path.write_text("half")
    assert [kind for kind, _ in kinds(experiment)] == ["orphan temporary file"]
    assert mend(experiment) == []
    assert not orphan.exists()
    assert living.exists()


def test_what_a_killed_training_left_is_said_and_tidied_and_its_status_stays(
    experiment: WorkDir,
) -> None:
    run = experiment.create({})
    subprocess.run([sys.executable, "-c", DIE_IN_TRAINING, str(run.path)])
    write_request(run.request_path("stop"))
    record = run.record_path.read_bytes()
    found = {each.kind: each.level for each in examine(experiment)}
    assert found == dict.fromkeys(("crashed run", "stale lock", "stale request"), Level.NOTE)
    assert run.lock_path.stat().st_size > 0
    assert mend(experiment) == []
    assert run.lock_path.stat().st_size == 0
    assert not run.request_path("stop").exists()
    assert run.record_path.read_bytes() == record
    assert [kind for kind, _ in kinds(experiment)] == ["crashed run"]


def test_a_run_that_trains_is_left_alone(experiment: WorkDir) -> None:
    run = experiment.create({})
    with run.start():
        (run.path / ".tmp-run.json-999999999-ab12").write_text("half")
        write_request(run.request_path("stop"))
        assert kinds(experiment) == []
        assert mend(experiment) == []
        assert run.request_path("stop").exists()


def test_staging_of_a_killed_creation_is_set_aside(experiment: WorkDir) -> None:
    subprocess.run([sys.executable, "-c", DIE_IN_CREATION, str(experiment.path)])
    (experiment.staging_path / "made-elsewhere").mkdir()
    assert [kind for kind, _ in kinds(experiment)] == ["stale staging", "staging"]
    assert mend(experiment) == []
    assert [kind for kind, _ in kinds(experiment)] == ["staging"]


def test_a_copied_run_is_said(experiment: WorkDir) -> None:
    import shutil

    shutil.copytree(experiment.run(0).path, experiment.path / "7")
    assert kinds(experiment) == [("copied run", "7")]
    remove_run(experiment.run(7))
    assert kinds(experiment) == [("copied run", ".trash/7")]


def test_a_name_that_is_also_in_the_trash_is_noted(experiment: WorkDir) -> None:
    remove_run(experiment.run("baseline"))
    completed(experiment, name="baseline")
    assert kinds(experiment) == [("name given twice", ".trash/baseline")]


def test_names_that_clash_elsewhere_and_unusual_folders_are_said(
    experiment: WorkDir, tmp_path: Path
) -> None:
    (experiment.path / "9").mkdir()
    (experiment.path / "10").mkdir()
    (experiment.path / "10" / "file").write_text("mine")
    experiment.run(0).path.rename(experiment.path / "007")
    (experiment.path / "notes").mkdir()
    (experiment.path / "link").symlink_to("1")
    expected = {
        ("unusual name", "007"),
        ("no run", "9"),
        ("no run", "10"),
        ("symbolic link", "link"),
    }
    if not (experiment.path / "BASELINE").exists():
        completed(experiment, name="Baseline")
        expected.add(("case clash", "baseline"))
    assert set(kinds(experiment)) == expected
    mend(experiment)
    assert not (experiment.path / "9").exists()
    assert (experiment.path / "10" / "file").read_text() == "mine"


def test_a_newer_format_is_a_note(experiment: WorkDir) -> None:
    experiment.run(0).record_path.write_text('{"format": 99, "id": "x"}')
    experiment.run(1).labels_path.write_text('{"format": 99}')
    assert kinds(experiment) == [("newer format", "0/run.json"), ("newer format", "1/labels.json")]


def test_a_purge_that_was_cut_short_is_noted(experiment: WorkDir) -> None:
    entry = remove_run(experiment.run("baseline"))
    entry.folder.rename(experiment.trash_path / ".purging-baseline-ab")
    assert kinds(experiment) == [("half purge", ".trash/.purging-baseline-ab")]


def test_what_cannot_be_mended_is_said_and_the_others_are(
    experiment: WorkDir, tmp_path: Path
) -> None:
    experiment.run(0).labels_path.write_bytes(b"{")
    (experiment.path / "9").mkdir()
    experiment.trash_path.symlink_to(tmp_path)
    treated = {each.finding.kind: each for each in treat(examine(experiment), fix=True)}
    assert "is not a folder but a link" in (treated["torn file"].failure or "")
    assert treated["no run"].done == "removed: it was empty"
    assert treated["no trash"].remains


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: random.randrange(path.stat().st_size + 1)])


def _nonsense(path: Path) -> None:
    path.write_bytes(random.randbytes(random.randrange(200)))


def _wrong_types(path: Path) -> None:
    path.write_text(random.choice(["[]", "3", '"x"', '{"format": "1"}', '{"format": 1, "id": 3}']))


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to(random.choice(["/etc/passwd", "..", "nowhere", path.name]))


def _closed(path: Path) -> None:
    path.chmod(0)


DAMAGES: list[Callable[[Path], None]] = [_cut, _nonsense, _wrong_types, _folder, _link, _closed]


def test_whatever_is_damaged_the_doctor_answers_and_keeps_to_the_experiment(
    experiment: WorkDir, tmp_path: Path
) -> None:
    (tmp_path / "precious").write_text("mine")
    for seed in range(60):
        random.seed(seed)
        run: Run = random.choice([*experiment.runs()]) if [*experiment.runs()] else None  # type: ignore[assignment]
        if run is None or random.random() < 0.3:
            run = completed(experiment)
            add_checkpoint(run, 10)
        files = [path for path in run.path.rglob("*") if path.is_file() and not path.is_symlink()]
        if files:
            random.choice(DAMAGES)(random.choice(files))
        before = bytes_of_readable(experiment.path)
        for _ in examine(experiment, deep=True):
            pass
        assert bytes_of_readable(experiment.path) == before, seed
        for each in treat(examine(experiment, deep=True), fix=True):
            assert each.finding.text, seed
    assert (tmp_path / "precious").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"precious", "exp"}


def bytes_of_readable(folder: Path) -> dict[str, int]:
    """Names and inodes, as contents may be closed."""
    return {str(path): path.lstat().st_ino for path in folder.rglob("*")}
