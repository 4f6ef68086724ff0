"""The journal of a study: torn lines are cut, workers take turns, readers write nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stride.errors import NotAnExperimentError, StoredFileError
from stride.store.work_dir import WorkDir
from stride.sweep.folder import SweepFolder
from stride.sweep.journal import check_folder, open_study, read_study, turn
from tests.sweep.conftest import Begin


def test_a_torn_line_is_passed_over_and_cut_by_the_next_writer(begin: Begin) -> None:
    folder, definition = begin()
    open_study(folder, definition).ask()
    with folder.journal_path.open("ab") as journal:
        journal.write(b'{"op_code":4,"worker')
    study = read_study(folder, definition)
    assert study is not None
    assert len(study.get_trials()) == 1
    open_study(folder, definition).ask()
    found = read_study(folder, definition)
    assert found is not None
    assert len(found.get_trials()) == 2
    assert folder.journal_path.read_bytes().endswith(b"}\n")


def test_a_damaged_journal_is_a_sentence(begin: Begin) -> None:
    folder, definition = begin()
    open_study(folder, definition).ask()
    lines = folder.journal_path.read_bytes().splitlines(keepends=True)
    folder.journal_path.write_bytes(lines[0] + b"nonsense\n" + b"".join(lines[1:]))
    with pytest.raises(StoredFileError, match="line that is not JSON"):
        read_study(folder, definition)


def test_opening_a_study_that_is_there_adds_nothing(begin: Begin) -> None:
    folder, definition = begin()
    assert read_study(folder, definition) is None
    open_study(folder, definition)
    before = folder.journal_path.read_bytes()
    open_study(folder, definition)
    read_study(folder, definition)
    assert folder.journal_path.read_bytes() == before


def test_workers_take_turns_and_a_killed_one_gives_its_turn_up(
    begin: Begin, tmp_path: Path
) -> None:
    folder, _ = begin()
    holding = (
        "import sys\n"
        "from stride.store.work_dir import WorkDir\n"
        "from stride.sweep.folder import SweepFolder\n"
        "from stride.sweep.journal import turn\n"
        "with turn(SweepFolder(WorkDir('exp'), 'seeds')):\n"
        "    print('mine', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", holding],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "mine\n"
    other.kill()
    with turn(folder):
        other.communicate()


def test_a_sweep_that_leads_out_of_its_experiment_is_not_followed(tmp_path: Path) -> None:
    work_dir = WorkDir(tmp_path / "exp")
    work_dir.initialize()
    (tmp_path / "elsewhere").mkdir()
    (work_dir.path / ".sweeps").mkdir()
    (work_dir.path / ".sweeps" / "lr").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotAnExperimentError, match="symbolic link"):
        check_folder(SweepFolder(work_dir, "lr"))
