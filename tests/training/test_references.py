"""References to the user's own code: what is loaded, and what is refused without being run."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from stride.errors import CodeReferenceError, StorageError
from stride.training.references import load_reference, load_thing

NET = (
    "import torch\nclass Net(torch.nn.Linear):\n    def __init__(self): super().__init__({0}, 1)\n"
)


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def test_a_class_is_loaded_from_a_file_with_its_path_and_digest(tmp_path: Path) -> None:
    write(tmp_path, model=NET.format(3))
    reference = load_reference("model", f"{tmp_path}/model.py:Net")
    assert reference.build().in_features == 3
    assert reference.path == tmp_path.resolve() / "model.py"
    assert (reference.digest or "").startswith("sha256:")


def test_a_relative_path_is_one_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "code", model=NET.format(4))
    monkeypatch.chdir(tmp_path)
    assert load_reference("model", "code/model.py:Net").build().in_features == 4


def test_files_of_a_folder_import_each_other_by_a_dot(tmp_path: Path) -> None:
    write(tmp_path, model=NET.format(3), task="from .model import Net")
    through_task = load_reference("model", f"{tmp_path}/task.py:Net").thing
    assert through_task is load_reference("model", f"{tmp_path}/model.py:Net").thing


def test_two_folders_model_py_never_meet(tmp_path: Path) -> None:
    write(tmp_path / "first", model=NET.format(1), parts="from .model import Net")
    write(tmp_path / "second", model=NET.format(2), parts="from .model import Net")
    for folder, width in (("first", 1), ("second", 2), ("first", 1)):
        reference = load_reference("model", f"{tmp_path / folder}/parts.py:Net")
        assert reference.build().in_features == width


def test_a_file_that_changed_is_loaded_again(tmp_path: Path) -> None:
    write(tmp_path, model=NET.format(1))
    before = load_reference("model", f"{tmp_path}/model.py:Net")
    write(tmp_path, model=NET.format(22))
    after = load_reference("model", f"{tmp_path}/model.py:Net")
    assert (before.build().in_features, after.build().in_features) == (1, 22)
    assert before.digest != after.digest


def test_what_was_loaded_by_path_can_be_sent_to_a_new_process(tmp_path: Path) -> None:
    write(tmp_path, model=NET.format(3))
    built = load_reference("model", f"{tmp_path}/model.py:Net").build()
    (tmp_path / "net.pickle").write_bytes(pickle.dumps(built))
    code = f"import pickle; print(pickle.load(open({str(tmp_path / 'net.pickle')!r}, 'rb')))"
    command = [sys.executable, "-W", "ignore", "-c", code]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "in_features=3" in result.stdout


def test_a_package_in_the_current_folder_is_found_after_all_that_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "own_package_a", __init__="", nets=NET.format(5))
    write(tmp_path, json="raise SystemExit('this is not the json of Python')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    reference = load_reference("model", "own_package_a.nets:Net")
    assert reference.build().in_features == 5
    with pytest.raises(CodeReferenceError, match="is a class and no model"):
        load_reference("model", "json:JSONDecoder")


def test_code_may_be_taken_from_another_folder(tmp_path: Path) -> None:
    write(tmp_path / "moved", model=NET.format(7))
    name = f"{tmp_path}/gone/model.py:Net"
    assert load_thing("model", name, code=tmp_path / "moved").build().in_features == 7


def test_a_function_builds_with_its_arguments_and_its_promise_is_checked(tmp_path: Path) -> None:
    write(
        tmp_path,
        make="from torch import nn\n"
        "def net(width: int) -> nn.Module: return nn.Linear(width, 1)\n"
        "def liar() -> nn.Module: return 'a net'\n",
    )
    assert load_reference("model", f"{tmp_path}/make.py:net").build(width=9).in_features == 9
    with pytest.raises(CodeReferenceError, match="liar gave an object of type str, and no model"):
        load_reference("model", f"{tmp_path}/make.py:liar").build()


def test_a_plain_loss_function_is_given_its_keywords(tmp_path: Path) -> None:
    write(
        tmp_path,
        loss="from torch import Tensor\n"
        "def scaled(outputs, targets, scale: float = 1.0) -> Tensor:\n"
        "    return scale * (outputs - targets).abs().mean()\n",
    )
    loss = load_thing("loss", f"{tmp_path}/loss.py:scaled").build(scale=10.0)
    assert loss(torch.ones(2), torch.zeros(2)) == 10.0


def test_a_built_in_is_loaded_by_its_name() -> None:
    assert load_thing("optimizer", "AdamW").thing is torch.optim.AdamW
    assert isinstance(load_thing("loss", "MSELoss").build(), nn.MSELoss)
    assert load_thing("model", "MLP").digest is None


@pytest.mark.parametrize(
    "name",
    ["os:system", "builtins:eval", "subprocess:run", "posix:system", "importlib:import_module"],
)
def test_functions_that_are_no_model_are_refused_and_not_called(name: str) -> None:
    with pytest.raises(CodeReferenceError, match="and no model"):
        load_reference("model", name)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("{0}/model.py:Nett", "did you mean {0}/model.py:Net"),
        ("{0}/model.py:Other", "what it defines of a model is Net"),
        ("{0}/empty.py:Net", "it defines no model at all"),
        ("{0}/nowhere.py:Net", "does not exist"),
        ("{0}/folder.py:Net", "is a folder"),
        ("{0}/model.txt.py:Net", "must be called name.py"),
        ("{0}/wrong.py:Net", "wrong.py, line 1"),
        ("{0}/fails.py:Net", "fails at {0}/fails.py, line 2: ZeroDivisionError"),
        ("{0}/exits.py:Net", "SystemExit"),
        ("{0}/absolute.py:Net", "own_sibling lies beside it: write `from .own_sibling import"),
        ("{0}/missing.py:Net", "ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("nowhere.at_all:Net", "there is no module nowhere.at_all"),
        ("os.path.deeper:Net", "there is no module os.path.deeper"),
        ("__main__:Net", "cannot be imported again"),
        ("a b:Net", "is no name of a module"),
        (":Net", "names no model"),
        ("{0}/model.py:", "names no model"),
        ("{0}/model.py:Net()", "names no model"),
        ("object:mod.Net", "was handed over in Python"),
    ],
)
def test_what_does_not_resolve_is_answered_with_a_sentence(
    tmp_path: Path, name: str, sentence: str
) -> None:
    write(
        tmp_path,
        model=NET.format(1),
        empty="",
        wrong="def (",
        fails="import os\n1 / 0",
        exits="raise SystemExit(3)",
        absolute="from own_sibling import Net",
        own_sibling=NET.format(1),
        missing="import not_there_at_all",
    )
    write(tmp_path / "folder.py")
    (tmp_path / "model.txt.py").touch()
    with pytest.raises(CodeReferenceError) as caught:
        load_reference("model", name.format(tmp_path))
    assert sentence.format(tmp_path) in str(caught.value)


def test_code_inside_an_experiment_is_refused_and_not_run(tmp_path: Path) -> None:
    folder = write(tmp_path / "exp" / "0", evil=f"open({str(tmp_path / 'ran')!r}, 'w')")
    (tmp_path / "exp" / "config.json").write_text('{"format": 1}')
    (tmp_path / "link.py").symlink_to(folder / "evil.py")
    write(tmp_path, innocent="from .link import Net")
    for name in (f"{folder}/evil.py:Net", f"{tmp_path}/link.py:Net", f"{tmp_path}/innocent.py:Net"):
        with pytest.raises(CodeReferenceError, match="inside the experiment"):
            load_reference("model", name)
    assert not (tmp_path / "ran").exists()


def test_a_module_inside_an_experiment_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, evil_module=f"open({str(tmp_path / 'ran')!r}, 'w')")
    (tmp_path / "config.json").write_text('{"format": 1}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    with pytest.raises(CodeReferenceError, match="inside the experiment"):
        load_reference("model", "evil_module:Net")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("class End(BaseException): pass\nraise End('over')", "End: over"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("def __getattr__(name): raise KeyError(name)", "does not give Net: KeyError: 'Net'"),
        ("x = " + "-" * 20_000 + "1", "is nested too deep"),
        ("x = 1\0", "model.py: source code string cannot contain null bytes"),
    ],
)
def test_a_module_that_ends_in_an_unusual_way_is_said(
    tmp_path: Path, text: str, words: str
) -> None:
    write(tmp_path, model=text)
    with pytest.raises(CodeReferenceError, match=re.escape(words)):
        load_reference("model", f"{tmp_path}/model.py:Net")


def test_a_name_that_no_file_can_have_is_said() -> None:
    with pytest.raises(StorageError, match="the name is too long"):
        load_reference("model", f"{'x' * 300}.py:Net")
