"""The house: which floor may import what, where torch may be missing, and the form of the files."""

import ast
import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "stride").rglob("*.py"))
TORCH = re.compile(r"(torch|torchgen|functorch)([-.].*)?")
STORE_NEEDS = re.compile(r"(msgspec|psutil|filelock)([-.].*)?")

IMPORT_ALL = """
import importlib, importlib.util, json, sys
names = json.loads(sys.argv[1])
for name in names:
    importlib.import_module(name)
print(json.dumps([importlib.util.find_spec("torch") is None, sorted(sys.modules)]))
"""


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def modules_under(*names: str) -> list[str]:
    """Modules of the package that are one of these or below one of these."""
    modules = [module_of(path) for path in SOURCES]
    found = [m for m in modules if any(m == n or m.startswith(n + ".") for n in names)]
    assert found
    return found


def linked_packages(folder: Path, wanted) -> Path:
    """A folder of links to the installed packages that are wanted, to be all that is installed."""
    folder.mkdir()
    for place in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(place).iterdir():
            if wanted(entry.name):
                (folder / entry.name).symlink_to(entry)
    return folder


@pytest.fixture(scope="module")
def without_torch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that is installed here but torch."""
    folder = tmp_path_factory.mktemp("packages") / "without-torch"
    return linked_packages(folder, lambda name: not TORCH.fullmatch(name))


@pytest.fixture(scope="module")
def store_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Only what the store is built on."""
    folder = tmp_path_factory.mktemp("packages") / "store-alone"
    return linked_packages(folder, STORE_NEEDS.fullmatch)


def run_with(packages: Path, *arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with these packages and this source tree, and nothing else that is installed.

    `-S` keeps Python from looking into the environment's own site-packages.
    """
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{packages}"}
    command = [sys.executable, "-S", *map(str, arguments)]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)


def stride(*arguments: str, folder: Path) -> tuple[int, str, set[str]]:
    """Run `python -m stride`; its exit code, its output, and every module that it imported."""
    command = [sys.executable, "-X", "importtime", "-m", "stride", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    imported = re.findall(r"^import time:\s+\d+ \|\s+\d+ \|\s+(\S+)$", done.stderr, re.MULTILINE)
    assert "stride.cli.app" in imported
    return done.returncode, done.stdout, set(imported)


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    """The folder that holds `exp`, an experiment with two runs that were made by hand."""
    code = """
from stride.store.work_dir import WorkDir
for rate in (0.1, 0.2):
    run = WorkDir("exp").create({"optimizer_kwargs": {"lr": rate}})
    with run.start():
        run.metrics.append({"epoch": 1, "val_loss": rate})
        run.log_path(0).parent.mkdir(exist_ok=True)
        run.log_path(0).write_text("a line\\n")
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    return tmp_path


def test_imports_point_down_and_have_no_cycles():
    pytest.importorskip("importlinter", reason="import-linter comes with the extra `dev`")
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "3 kept, 0 broken" in done.stdout


def test_the_store_needs_three_small_packages_and_nothing_else(store_alone, tmp_path):
    names = modules_under("stride.store", "stride.tables", "stride.files", "stride.errors")
    done = run_with(store_alone, "-c", IMPORT_ALL, json.dumps(names), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    torch_is_absent, loaded = json.loads(done.stdout)
    assert torch_is_absent
    assert set(names) <= set(loaded)


def test_a_loop_of_ones_own_keeps_its_runs_where_only_the_store_is_installed(store_alone, tmp_path):
    code = """
from stride.store.work_dir import WorkDir
run = WorkDir("exp").create({"lr": 0.1})
with run.start() as attempt:
    run.metrics.append({"epoch": 1, "val_loss": 0.5})
    attempt.sign(step=10, metrics={"val_loss": 0.5})
    run.save_results({"test_loss": 0.4})
print(*[f"{run.name} {run.status().status}" for run in WorkDir("exp").runs()])
"""
    done = run_with(store_alone, "-c", code, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "0 completed\n"


def test_what_reads_and_checks_is_imported_where_torch_is_not_installed(without_torch, tmp_path):
    commands = ("app", "create", "diff", "init", "keys", "list", "log")
    commands += ("importance", "neighbours", "report", "show", "version")
    commands += ("doctor", "export", "import_runs", "note", "prune", "purge", "restore", "rm")
    commands += ("tag", "trash")
    names = modules_under(
        *("stride.store", "stride.config", "stride.tables", "stride.files", "stride.errors"),
        *("stride.report", "stride.training.catalog", "stride.__main__"),
        *(f"stride.cli.{command}" for command in commands),
    )
    done = run_with(without_torch, "-c", IMPORT_ALL, json.dumps(names), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    torch_is_absent, loaded = json.loads(done.stdout)
    assert torch_is_absent
    assert set(names) <= set(loaded)


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["--help"], "load-run"),
        (["list", "exp"], "0.2"),
        (["list", "exp", "--json"], "completed"),
        (["show", "exp/0"], "completed"),
        (["diff", "exp/0", "exp/1"], "optimizer_kwargs.lr"),
        (["log", "exp/0"], "a line"),
        (["version"], "stride"),
    ],
)
def test_reading_works_where_torch_is_not_installed(without_torch, experiment, arguments, answer):
    done = run_with(without_torch, "-m", "stride", *arguments, folder=experiment)
    assert done.returncode == 0, done.stderr
    assert answer in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["list", "--help"],
        ["list", "exp"],
        ["list", "exp", "--json"],
        ["show", "exp/0"],
        ["show", "exp/0", "--json"],
        ["diff", "exp/0", "exp/1"],
        ["log", "exp/0"],
        ["lineage", "exp/0"],
        ["lineage", "exp", "--json"],
        ["report", "--scaling", "exp", "--json"],
        ["tag", "exp/0", "good"],
        ["note", "exp/0", "good"],
        ["rm", "exp/0"],
        ["rm", "exp", "--where", "lr > 0", "--yes"],
        ["purge", "exp", "--dry-run", "--json"],
        ["prune", "exp", "--dry-run", "--json"],
        ["doctor", "exp", "--deep"],
        ["export", "exp", "-o", "runs.zip"],
    ],
)
def test_reading_imports_neither_torch_nor_what_is_as_slow(experiment, arguments):
    status, answer, imported = stride(*arguments, folder=experiment)
    assert status == 0
    assert answer
    assert {"torch", "numpy", "pandas", "pydantic"}.isdisjoint(imported)


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["fit", "--help"], "--config"),
        (["keys"], "model_kwargs.hidden_dims"),
        (
            ["keys", "model_kwargs", "--config", "model_kwargs.model_name=ResNet"],
            "skip_connections",
        ),
        (["keys", "optimizer_kwargs"], "weight_decay"),
        (["init", "new"], "new"),
        (["create", "--config", "work_dir=new", "--config", "optimizer_kwargs.lr=0.1"], "new/0"),
    ],
)
def test_a_config_is_checked_without_importing_torch(tmp_path, arguments, answer):
    status, output, imported = stride(*arguments, folder=tmp_path)
    assert status == 0
    assert answer in output
    assert {"torch", "numpy"}.isdisjoint(imported)


def test_a_misspelt_key_is_found_without_importing_torch(tmp_path):
    arguments = ("create", "--config", "work_dir=new", "--config", "optimizer_kwargs.rl=1")
    status, _, imported = stride(*arguments, folder=tmp_path)
    assert status == 2
    assert "torch" not in imported
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_a_file_is_short_and_begins_with_what_it_is(path):
    text = path.read_text(encoding="utf-8")
    if path.name == "__init__.py" and path.parent != ROOT / "stride":
        assert text == ""
        return
    assert ast.get_docstring(ast.parse(text))
    assert text.count("\n") <= 300
    assert not {"utils", "helpers", "common", "misc"} & set(re.split(r"[._]", module_of(path)))


def test_click_is_only_used_through_typer():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert "click" not in {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] != "click"
