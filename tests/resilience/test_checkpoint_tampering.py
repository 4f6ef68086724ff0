"""A checkpoint that is not what was written is passed over, and said; the older one is taken."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from stride.store.record import Status
from stride.store.run import Run
from tests.resilience.comparison import checkpoint_folders, differences
from tests.resilience.deaths import COMMITTED, AtFile
from tests.resilience.killing import Reference
from tests.resilience.trainings import Trainings, run_in

References = Callable[[str], Reference]

CASE = "averaged weights, evaluated between epochs"


def flip(path: Path) -> None:
    """Change one byte in the middle; what is linked to the same content stays as it is."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(content)


def shorten(path: Path) -> None:
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[: len(content) // 2])


def empty(path: Path) -> None:
    path.unlink()
    path.touch()


def kill_after_three_checkpoints(trainings: Trainings, folder: Path) -> Run:
    """A run with two whole checkpoints, both with the best weights of their moment."""
    folder.mkdir(parents=True)
    ending = trainings.train(folder, CASE, AtFile((COMMITTED,), 4))
    assert ending.killed, ending.output
    run = run_in(folder)
    assert len(checkpoint_folders(run)) == 2
    return run


@pytest.fixture(scope="module")
def killed(trainings: Trainings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was killed; to be copied."""
    folder = tmp_path_factory.mktemp("killed") / "run"
    kill_after_three_checkpoints(trainings, folder)
    return folder


def copy(killed: Path, folder: Path) -> tuple[Run, Path, Path]:
    """A copy of the killed run, with its older and its newest checkpoint."""
    shutil.copytree(killed, folder)
    run = run_in(folder)
    older, newest = checkpoint_folders(run)
    return run, older, newest


def check_resume(
    trainings: Trainings, reference: Reference, run: Run, taken: Path, passed_over: Path | None
) -> None:
    """Resume: from the one that is to be taken, exactly, saying what was passed over."""
    ending = trainings.train(run.work_dir.parent, CASE)
    assert ending.code == 0, ending.output
    assert run.read_record().attempts[-1].checkpoint == taken.name
    if passed_over is not None:
        said = [line for line in run.log_path().read_text().splitlines() if "WARN" in line]
        assert any(passed_over.name in line for line in said), said
    assert differences(run, run_in(reference.folder)) == []


HARM: dict[str, Callable[[Path], None]] = {
    "one byte is another": flip,
    "half of it is gone": shorten,
    "it is empty": empty,
    "it is gone": Path.unlink,
}


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize(
    "name", ["manifest.json", "state.json", "tensors.safetensors", "weights/best.safetensors"]
)
def test_the_older_checkpoint_is_taken_where_a_file_is_not_what_was_written(
    name: str,
    harm: str,
    killed: Path,
    trainings: Trainings,
    reference: References,
    tmp_path: Path,
) -> None:
    run, older, newest = copy(killed, tmp_path / "run")
    HARM[harm](newest / name)
    check_resume(trainings, reference(CASE), run, older, newest)


def test_the_older_checkpoint_is_taken_where_the_newest_folder_is_empty(
    killed: Path, trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    run, older, newest = copy(killed, tmp_path / "run")
    shutil.rmtree(newest)
    newest.mkdir()
    check_resume(trainings, reference(CASE), run, older, newest)


def test_the_older_checkpoint_is_taken_where_the_newest_has_the_manifest_of_another(
    killed: Path, trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    run, older, newest = copy(killed, tmp_path / "run")
    shutil.copy(older / "manifest.json", newest / "manifest.json")
    check_resume(trainings, reference(CASE), run, older, newest)


def test_a_whole_checkpoint_under_the_name_of_another_step_is_passed_over(
    killed: Path, trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    run, _, newest = copy(killed, tmp_path / "run")
    false = newest.with_name("step-00000099")
    shutil.copytree(newest, false)
    check_resume(trainings, reference(CASE), run, newest, false)


def test_a_run_none_of_whose_checkpoints_verifies_keeps_all_it_has(
    killed: Path, trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    run, older, newest = copy(killed, tmp_path / "run")
    hidden = [folder.rename(tmp_path / folder.name) for folder in (older, newest)]
    for folder in (older, newest):
        folder.mkdir()
    before = {path: path.read_bytes() for path in run.weights_path.glob("best*")}
    rows = run.metrics.read()
    ending = trainings.train(run.work_dir.parent, CASE)
    assert ending.code != 0
    assert run.read_record().status is Status.FAILED
    assert "to begin anew" in ending.output
    assert before == {path: path.read_bytes() for path in run.weights_path.glob("best*")} != {}
    assert run.metrics.read() == rows != []
    for folder, place in zip(hidden, (older, newest), strict=True):
        place.rmdir()
        folder.rename(place)
    check_resume(trainings, reference(CASE), run, newest, None)


@pytest.mark.parametrize("content", [None, "", "{", '{"checkpoint": "../../../tmp"}', "[1]", "\0"])
def test_the_pointer_is_a_hint_that_may_be_wrong(
    content: str | None,
    killed: Path,
    trainings: Trainings,
    reference: References,
    tmp_path: Path,
) -> None:
    run, _, newest = copy(killed, tmp_path / "run")
    (pointer,) = run.checkpoints_path.glob("*.json")
    pointer.unlink()
    if content is not None:
        pointer.write_text(content)
    check_resume(trainings, reference(CASE), run, newest, None)


@pytest.mark.parametrize("harm", HARM)
def test_best_weights_that_are_not_what_was_written_are_put_back(
    harm: str, killed: Path, trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    run, _, newest = copy(killed, tmp_path / "run")
    HARM[harm](run.weights_file("best"))
    check_resume(trainings, reference(CASE), run, newest, None)


def test_best_weights_of_a_later_moment_are_removed(
    killed: Path, trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    run, _, newest = copy(killed, tmp_path / "run")
    shutil.copy(run.weights_file("best"), run.weights_file("best-val_later"))
    check_resume(trainings, reference(CASE), run, newest, None)


def test_a_row_too_many_and_a_torn_one_are_cut_off(
    killed: Path, trainings: Trainings, reference: References, tmp_path: Path
) -> None:
    run, _, newest = copy(killed, tmp_path / "run")
    for path in (run.metrics_path, run.steps_path):
        rows = path.read_text().splitlines()
        with path.open("a") as stream:
            stream.write(rows[-1].replace(rows[-1].split(",")[0], "59") + "\n1,2")
    check_resume(trainings, reference(CASE), run, newest, None)
