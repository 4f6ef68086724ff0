"""The doctor reads the files of sweeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from stride.store.doctor.examination import examine
from stride.store.work_dir import WorkDir


@pytest.fixture
def experiment(tmp_path: Path) -> WorkDir:
    found = WorkDir(tmp_path / "exp")
    found.initialize()
    folder = found.sweeps_path / "lr"
    folder.mkdir(parents=True)
    (folder / "sweep.json").write_text('{"format": 1}\n')
    (folder / "journal.log").write_text('{"op_code": 0}\n{"op_code": 4}\n{"op_co')
    return found


def test_a_sweep_whose_last_line_is_torn_is_well(experiment: WorkDir) -> None:
    assert [*examine(experiment)] == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("sweep.json", '{"format"', "is not JSON"),
        ("best_config.json", "", "is empty"),
        ("journal.log", '{"op_code": 0}\n{"op_\n{"op_code": 4}\n', "line 2 of it cannot be read"),
    ],
)
def test_a_torn_file_of_a_sweep_is_found(
    experiment: WorkDir, name: str, content: str, said: str
) -> None:
    path = experiment.sweeps_path / "lr" / name
    path.write_text(content)
    (finding,) = examine(experiment)
    assert (finding.kind, finding.path) == ("torn file", path)
    assert said in finding.text


def test_what_is_linked_from_elsewhere_is_not_read(experiment: WorkDir, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "sweep.json").write_text("torn")
    (experiment.sweeps_path / "away").symlink_to(other)
    assert [*examine(experiment)] == []
