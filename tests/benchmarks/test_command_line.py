"""benchmarks.__main__: the quick run goes through every comparison without a peer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks.__main__ import COMPARISONS
from benchmarks.contestant import ROOT

_WITHOUT_PEERS = ("startup", "pauses", "checkpoints", "ranks")
_LONG = ("listing", "steps", "networks", "ranks", "checkpoints")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.matrix) if name in _LONG else name
        for name in COMPARISONS
    ],
)
def test_a_quick_run_measures_stride_and_names_the_peers_left_out(
    name: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick", "--without-peers"]
    done = subprocess.run(
        [*command, "--only", name, "--scratch", str(tmp_path / "scratch")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split("|")[1:-1] for line in done.stdout.splitlines() if line.startswith("| ")][1:]
    assert rows
    if name == "gpu" and not torch.cuda.is_available():
        assert all("there is no GPU" in cells[4] for cells in rows)
    else:
        assert all(cells[1].strip() != "–" for cells in rows), done.stderr
        assert ("left out of this run" in done.stdout) == (name not in _WITHOUT_PEERS)
    assert not any((tmp_path / "scratch").iterdir())
