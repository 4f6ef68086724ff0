"""`stride load-run`, `stride evaluate` and `stride predict`."""

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest

from stride.cli import evaluate, load_run, predict
from stride.files import sha256_of_file
from stride.store.run import Run
from stride.store.work_dir import WorkDir

SHORT = ("fit_kwargs.max_epochs=1", "model_kwargs.hidden_dims=8", "log_kwargs.progress=false")
LOADING = ("load-run", "evaluate", "predict")

OWN_NET = """
from torch import nn

class Net(nn.Sequential):
    def __init__(self, width: int = 4) -> None:
        super().__init__(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))
"""


@pytest.fixture(scope="session")
def fitted_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An experiment with one trained run, made once."""
    folder = tmp_path_factory.mktemp("fitted")
    configs = [word for setting in ("work_dir=exp", *SHORT) for word in ("--config", setting)]
    subprocess.run([sys.executable, "-m", "stride", "fit", *configs], cwd=folder, check=True)
    return folder / "exp"


@pytest.fixture
def fitted(fitted_once: Path, tmp_path: Path) -> Run:
    """A copy of the trained run, as exp/0."""
    shutil.copytree(fitted_once, tmp_path / "exp")
    return WorkDir(tmp_path / "exp").run(0)


def test_it_tells_what_the_run_is_and_how_to_use_it(stride: Any, fitted: Run) -> None:
    page = stride("load-run", "exp/0").out
    assert page.startswith("exp/0  completed\n")
    for text in ("MLP, ", " parameters, on ", "best.safetensors, ", "digest verified", "[1,8,8]"):
        assert text in page


def test_the_python_that_it_prints_works(stride: Any, fitted: Run, tmp_path: Path) -> None:
    lines = stride("load-run", "exp/0").out.partition("From Python\n")[2].splitlines()
    script = "\n".join(line.strip() for line in lines)
    script = f"import numpy\ninputs = numpy.zeros((2, 1, 8, 8))\n{script}\nprint('done')"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "done\n"


@pytest.mark.parametrize("split", ["val", "test"])
def test_what_was_recorded_is_measured_again(stride: Any, fitted: Run, split: str) -> None:
    answer = stride("load-run", "exp/0", "--evaluate", split)
    assert answer.code == 0
    assert "what was recorded holds" in answer.out
    evaluation = stride("load-run", "exp/0", "--evaluate", split, "--json").json["evaluation"]
    assert evaluation["measured"] == evaluation["recorded"]
    assert evaluation["holds"] is True


def test_where_nothing_was_recorded_there_is_nothing_to_hold(stride: Any, fitted: Run) -> None:
    answer = stride("load-run", "exp/0", "--evaluate", "train")
    assert answer.code == 0
    assert "nothing was recorded for this split" in answer.out


def test_a_recorded_number_that_is_not_reached_is_exit_3(stride: Any, fitted: Run) -> None:
    fitted.results_metrics_path.write_text('{"test_loss": 0.0, "test_accuracy": 1.0}')
    answer = stride("load-run", "exp/0", "--evaluate", "test")
    assert answer.code == 3
    assert "what was recorded does not hold" in answer.out
    assert answer.err == (
        "error: exp/0 does not reach what was recorded: test_loss, test_accuracy\n"
    )


@pytest.mark.parametrize("tolerance", ["-1", "1", "nan", "much"])
def test_a_tolerance_is_a_number_from_0_to_1(stride: Any, fitted: Run, tolerance: str) -> None:
    answer = stride("load-run", "exp/0", "--evaluate", "val", f"--tolerance={tolerance}")
    assert (answer.code, answer.out) == (2, "")


def arguments(command: str, tmp_path: Path) -> list[str]:
    """A call of a command that loads exp/0."""
    if command != "predict":
        return [command, "exp/0"]
    numpy.save(tmp_path / "inputs.npy", numpy.zeros((3, 1, 8, 8)))
    return ["predict", "exp/0", "--input", "inputs.npy", "-o", "predictions.npy"]


class Trap:
    """Writes a file where it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, ("sprung",)


@pytest.mark.parametrize("command", LOADING)
@pytest.mark.parametrize("damage", ["cut", "changed", "pickle"])
def test_weights_that_are_not_what_was_written_are_refused(
    stride: Any, fitted: Run, tmp_path: Path, command: str, damage: str
) -> None:
    path = fitted.weights_file("best")
    content = path.read_bytes()
    changed = bytes([content[-1] ^ 1])
    path.write_bytes(
        {
            "cut": content[:-10],
            "changed": content[:-1] + changed,
            "pickle": pickle.dumps(Trap()),
        }[damage]
    )
    answer = stride(*arguments(command, tmp_path))
    assert (answer.code, answer.out, answer.err.count("\n")) == (3, "", 1)
    assert "best.safetensors" in answer.err
    assert not (tmp_path / "sprung").exists()


def test_a_pickle_whose_digest_was_forged_is_refused_by_its_format(
    stride: Any, fitted: Run, tmp_path: Path
) -> None:
    path = fitted.weights_file("best")
    before = sha256_of_file(path)
    path.write_bytes(pickle.dumps(Trap()))
    record = fitted.record_path.read_text()
    fitted.record_path.write_text(record.replace(before, sha256_of_file(path)))
    answer = stride("load-run", "exp/0")
    assert (answer.code, answer.err.count("\n")) == (3, 1)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("command", LOADING)
@pytest.mark.parametrize("file", ["config.json", "run.json"])
def test_a_run_that_cannot_be_read_is_exit_3(
    stride: Any, fitted: Run, tmp_path: Path, command: str, file: str
) -> None:
    (fitted.path / file).write_text("{")
    answer = stride(*arguments(command, tmp_path))
    assert (answer.code, answer.out, answer.err.count("\n")) == (3, "", 1)
    assert file in answer.err


@pytest.fixture
def own(stride: Any, tmp_path: Path) -> Run:
    """A run whose model is a file of the user's own."""
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "net.py").write_text(OWN_NET)
    settings = ("work_dir=exp", "model_kwargs.model_name=nets/net.py:Net", "fit_kwargs.max_steps=1")
    stride("fit", *(word for setting in settings for word in ("--config", setting)))
    return WorkDir(tmp_path / "exp").run(0)


def test_code_of_the_users_own_is_named_before_it_is_imported(
    stride: Any, own: Run, tmp_path: Path
) -> None:
    answer = stride("load-run", "exp/0")
    assert answer.code == 0
    assert answer.err == f"importing {tmp_path / 'nets' / 'net.py'}:Net\n"


def test_code_that_has_changed_is_told(stride_process: Any, own: Run, tmp_path: Path) -> None:
    file = tmp_path / "nets" / "net.py"
    file.write_text(file.read_text() + "\nVERSION = 2\n")
    answer = stride_process("load-run", "exp/0")
    assert answer.code == 0
    assert answer.err.splitlines()[1] == (
        f"warning: {file}:Net has changed since exp/0 was trained"
    )


def test_code_that_was_moved_is_taken_from_another_folder(
    stride_process: Any, own: Run, tmp_path: Path
) -> None:
    (tmp_path / "nets").rename(tmp_path / "moved")
    assert stride_process("load-run", "exp/0").code == 2
    answer = stride_process("load-run", "exp/0", "--code", "moved", "--evaluate", "test")
    assert answer.code == 0
    assert "what was recorded holds" in answer.out


def test_code_of_a_run_of_another_user_is_not_imported_unless_trusted(
    stride_process: Any, own: Run
) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(own.record_path, 12345, -1)
    answer = stride_process("load-run", "exp/0")
    assert (answer.code, answer.out) == (2, "")
    assert "belongs to the user 12345" in answer.err
    assert "--trust" in answer.err
    assert stride_process("load-run", "exp/0", "--trust").code == 0


def test_data_that_was_moved_is_found_and_other_data_is_refused(
    stride: Any, tmp_path: Path
) -> None:
    generator = numpy.random.default_rng(0)
    arrays = {"inputs": generator.normal(size=(40, 3)), "targets": generator.normal(size=40)}
    numpy.savez(tmp_path / "data.npz", **arrays)
    settings = ("work_dir=exp", "dataset_kwargs.dataset_name=arrays", *SHORT)
    data = ("--config", "dataset_kwargs.path=data.npz")
    stride("fit", *(word for setting in settings for word in ("--config", setting)), *data)
    (tmp_path / "data.npz").rename(tmp_path / "moved.npz")
    assert "data.npz" in stride("evaluate", "exp/0").err
    moved = ("--config", "dataset_kwargs.path=moved.npz")
    assert stride("load-run", "exp/0", "--evaluate", "test", *moved).code == 0
    numpy.savez(tmp_path / "moved.npz", inputs=arrays["inputs"] + 1, targets=arrays["targets"])
    answer = stride("evaluate", "exp/0", *moved)
    assert (answer.code, answer.out) == (2, "")
    assert "its content has changed" in answer.err


def test_only_the_place_of_data_can_be_changed(stride: Any, fitted: Run) -> None:
    answer = stride("evaluate", "exp/0", "--config", "seed=3")
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)


def test_metrics_of_a_split_are_printed_and_saved_if_asked(stride: Any, fitted: Run) -> None:
    before = fitted.results_metrics_path.read_bytes()
    lines = stride("evaluate", "exp/0", "--split", "val", "--save").out.splitlines()
    assert [line.split()[0] for line in lines] == ["val_loss", "val_accuracy"]
    assert fitted.read_results("val").keys() == {"val_loss", "val_accuracy"}
    assert fitted.results_metrics_path.read_bytes() == before


def test_predictions_are_written_to_a_new_file(stride: Any, fitted: Run, tmp_path: Path) -> None:
    answer = stride(*arguments("predict", tmp_path))
    assert answer.out == "predictions.npy  [3, 10] float32\n"
    assert numpy.load(tmp_path / "predictions.npy").shape == (3, 10)
    again = stride(*arguments("predict", tmp_path))
    assert (again.code, again.out) == (2, "")


@pytest.mark.parametrize(
    "options",
    [
        ["-o", "out.npy"],
        ["--input", "inputs.npy"],
        ["--input", "missing.npy", "-o", "out.npy"],
        ["--input", "inputs.npy", "-o", "out.txt"],
        ["--input", "inputs.npy", "-o", "nowhere/out.npy"],
        ["--input", "flat.npy", "-o", "out.npy"],
        ["--input", "empty.npy", "-o", "out.npy"],
        ["--input", "words.npy", "-o", "out.npy"],
        ["--input", "inputs.npy", "-o", "out.npy", "--weights", "none"],
        ["--input", "inputs.npy", "-o", "out.npy", "--device", "cuda:97"],
    ],
)
def test_predictions_that_cannot_be_made_leave_no_file(
    stride: Any, fitted: Run, tmp_path: Path, options: list[str]
) -> None:
    numpy.save(tmp_path / "inputs.npy", numpy.zeros((3, 1, 8, 8)))
    numpy.save(tmp_path / "flat.npy", numpy.zeros((3, 63)))
    numpy.save(tmp_path / "empty.npy", numpy.zeros((0, 1, 8, 8)))
    numpy.save(tmp_path / "words.npy", numpy.array(["a", "b"]))
    answer = stride("predict", "exp/0", *options)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("split", ["tset", "", "Test"])
def test_a_split_that_there_is_not_is_said(stride: Any, fitted: Run, split: str) -> None:
    answer = stride("evaluate", "exp/0", "--split", split)
    assert answer.err == f"error: there is no split {split!r}; it is train, val or test\n"


def test_a_run_that_was_not_trained_has_no_weights(stride: Any) -> None:
    stride("create", "--config", "work_dir=exp")
    answer = stride("load-run", "exp/0")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "error: exp/0 has no weights: its status is created\n"


def test_the_fields_are_those_that_are_documented(stride: Any, fitted: Run, tmp_path: Path) -> None:
    for command, module in zip(LOADING, (load_run, evaluate, predict), strict=True):
        answer = stride(*arguments(command, tmp_path), "--json").json
        assert set(answer) == set(module.FIELDS)


def test_a_read_only_copy_is_loaded_and_not_changed(stride: Any, fitted: Run) -> None:
    before = {path: path.read_bytes() for path in fitted.path.rglob("*") if path.is_file()}
    stride("load-run", "exp/0", "--evaluate", "val")
    stride("evaluate", "exp/0")
    after = {path: path.read_bytes() for path in fitted.path.rglob("*") if path.is_file()}
    assert after == before
