"""What the tests of the index share."""

from __future__ import annotations

from pathlib import Path

import pytest

from stride.store.work_dir import WorkDir
from tests.store.index.written_runs import write_run


@pytest.fixture
def experiment(tmp_path: Path) -> WorkDir:
    """An experiment with twelve runs, whose index was not read yet."""
    found = WorkDir(tmp_path / "exp")
    found.initialize()
    for number in range(12):
        write_run(found, str(number), number)
    return found
