"""What the doctor takes away goes to the trash, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from stride.errors import StorageError
from stride.store.doctor.aside import copy_aside, set_aside
from stride.store.work_dir import WorkDir


def test_a_link_in_the_trash_takes_nothing_out_of_the_experiment(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    torn = experiment.create({}).path / ".tmp-run.json-1-0a"
    torn.write_text("{")
    outside = tmp_path / "outside"
    outside.mkdir()
    experiment.trash_path.mkdir()
    experiment.aside_path.symlink_to(outside)
    for take in (set_aside, copy_aside):
        with pytest.raises(StorageError, match="symbolic link"):
            take(experiment, torn)
    assert torn.read_text() == "{"
    assert not any(outside.iterdir())
