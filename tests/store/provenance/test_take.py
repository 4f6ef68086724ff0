"""Taking provenance: in the background, once for each state, and never at the cost of a run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stride.store.provenance.read import read_folders
from stride.store.provenance.take import start_taking, take


def files_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_everything_of_an_attempt_is_written_to_its_folder(repository, tmp_path):
    repository.write("model.py", "changed = 1\n")
    repository.write("new/module.py", "new = 1\n")
    target = tmp_path / "exp/0/provenance"
    taking = start_taking(
        experiment=tmp_path / "exp", source=repository.path, argv=["stride", "fit"]
    )
    assert not target.exists()
    assert taking.finish(target) == ()
    assert files_of(target) == [
        "code.diff", "code.json", "machine.json", "packages.txt", "untracked/new/module.py",
    ]  # fmt: skip
    stored = json.loads((target / "code.json").read_bytes())
    assert (stored["format"], stored["dirty"], stored["branch"]) == (1, True, "main")
    assert stored["digest"] == taking.result().code_digest
    assert json.loads((target / "machine.json").read_bytes())["argv"] == ["stride", "fit"]


def test_a_later_attempt_writes_only_the_parts_that_differ(repository, tmp_path):
    folders = [tmp_path / f"attempt-{n}" for n in range(1, 5)]

    def attempt(number: int, argv: list[str]) -> None:
        where = {"experiment": tmp_path / "exp", "source": repository.path}
        assert take(folders[number - 1], argv=argv, earlier=folders[: number - 1], **where) == ()

    attempt(1, ["fit"])
    attempt(2, ["fit"])
    assert not folders[1].exists()
    attempt(2, ["resume"])
    assert files_of(folders[1]) == ["machine.json"]
    repository.write("model.py", "changed = 1\n")
    attempt(3, ["resume"])
    assert files_of(folders[2]) == ["code.diff", "code.json"]
    repository.git("checkout", "-q", "model.py")
    attempt(4, ["resume"])
    assert files_of(folders[3]) == ["code.json"]
    assert [read_folders(folders[:n]).code.dirty for n in (1, 2, 3, 4)] == [
        False,
        False,
        True,
        False,
    ]


def test_a_folder_that_cannot_be_written_is_a_note(repository, tmp_path):
    (tmp_path / "exp").write_text("a file")
    notes = take(tmp_path / "exp/0/provenance", experiment=tmp_path / "exp", source=repository.path)
    assert notes[0].startswith("provenance was not kept: cannot write")


def test_provenance_that_is_there_is_not_overwritten(repository, tmp_path):
    where = {"experiment": tmp_path / "exp", "source": repository.path}
    assert take(tmp_path / "provenance", **where) == ()
    before = (tmp_path / "provenance/code.json").read_bytes()
    repository.write("model.py", "changed = 1\n")
    assert "provenance was not kept" in take(tmp_path / "provenance", **where)[0]
    assert (tmp_path / "provenance/code.json").read_bytes() == before


def test_a_git_that_hangs_costs_the_state_of_the_code_and_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").write_text("#!/bin/sh\nexec sleep 1000\n")
    (tmp_path / "bin/git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    taking = start_taking(experiment=tmp_path / "exp", source=tmp_path, seconds=0.5)
    assert taking.finish(tmp_path / "provenance") == (
        "git rev-parse took longer than it may and was ended",
    )
    found = read_folders([tmp_path / "provenance"])
    assert (found.code.digest, found.code.commit) == (None, None)
    assert found.packages
    assert found.machine


def test_a_mistake_of_a_caller_is_a_note_and_no_exception(repository, tmp_path):
    taking = start_taking(experiment=None, source=repository.path)
    notes = taking.finish(tmp_path / "provenance")
    assert "could not be taken: " in notes[0]
    assert read_folders([tmp_path / "provenance"]).machine is not None


WITHOUT_A_FOLDER = """
import os, sys
from pathlib import Path
from stride.store.provenance.take import take
folder = Path(sys.argv[1]) / "gone"
folder.mkdir()
os.chdir(folder)
folder.rmdir()
print(take(Path(sys.argv[1]) / "provenance", experiment=Path(sys.argv[1]) / "exp"))
"""


def test_a_working_folder_that_is_gone_is_a_note(tmp_path):
    command = [sys.executable, "-c", WITHOUT_A_FOLDER, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "git" in done.stdout
    assert (tmp_path / "provenance/machine.json").exists()


ENDS_EARLY = """
import sys
from pathlib import Path
from stride.store.provenance.take import start_taking
start_taking(experiment=Path("exp"), source=Path("."), seconds=1e6)
sys.exit(2)
"""


def test_a_process_that_ends_early_does_not_wait_for_provenance(tmp_path):
    """The git of this test answers when the test ends, long after stride would give it up."""
    os.mkfifo(tmp_path / "end")
    descriptor = os.open(tmp_path / "end", os.O_RDWR)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").write_text(f"#!/bin/sh\nexec cat '{tmp_path}/end'\n")
    (tmp_path / "bin/git").chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    process = subprocess.Popen([sys.executable, "-c", ENDS_EARLY], cwd=tmp_path, env=environment)
    try:
        assert process.wait(timeout=60) == 2
    finally:
        (tmp_path / "end").unlink()
        os.close(descriptor)


OVERLAPS = """
import sys, threading
from pathlib import Path
from stride.store.provenance.take import start_taking
taking = start_taking(experiment=Path("exp"), source=Path(sys.argv[1]))
Path(sys.argv[2]).write_text("go")     # what the git of this test waits for
import torch
print(taking.finish(Path(sys.argv[3])), "torch" in sys.modules)
"""


def test_it_is_taken_while_torch_is_imported(repository, tmp_path):
    """Git answers only after `start_taking` has returned: were it to wait, both would for ever."""
    os.mkfifo(tmp_path / "go")
    (tmp_path / "bin").mkdir()
    real = subprocess.check_output(["which", "git"], text=True).strip()
    (tmp_path / "bin/git").write_text(
        f"#!/bin/sh\n[ -p '{tmp_path}/go' ] && cat '{tmp_path}/go' > /dev/null\n"
        f"rm -f '{tmp_path}/go'\nexec {real} \"$@\"\n"
    )
    (tmp_path / "bin/git").chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-c", OVERLAPS, repository.path, tmp_path / "go", tmp_path / "provenance"],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert done.stdout == "() True\n"
    assert read_folders([tmp_path / "provenance"]).code.commit


@pytest.mark.parametrize("module", ["take", "read"])
def test_neither_torch_nor_pydantic_is_imported(module):
    code = f"import sys, stride.store.provenance.{module}; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert {"torch", "numpy", "pydantic", "typer"}.isdisjoint(loaded)
