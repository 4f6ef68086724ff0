"""A launcher that is killed takes its ranks along, and the same line goes on to the same bits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from stride.store.liveness import Life
from tests.resilience.comparison import differences, wounds
from tests.resilience.trainings import run_in

LINE = (
    *("--config", "work_dir=exp", "--config", "run=x", "--config", "fit_kwargs.max_epochs=4"),
    *("--config", "model_kwargs.dropouts=0.2", "--config", "checkpoint_kwargs.every_steps=7"),
    *("--config", "device=cpu", "--resume"),
)


def fit(folder: Path, ranks: int, strategy: str) -> subprocess.Popen[str]:
    strategy = f"distributed_kwargs.strategy={strategy}"
    command = [sys.executable, "-m", "stride", "fit", *LINE, "--config", strategy]
    return subprocess.Popen(
        [*command, "--nproc-per-node", str(ranks)], cwd=folder, stderr=subprocess.PIPE, text=True
    )


def kill_in_epoch(process: subprocess.Popen[str], epoch: int) -> None:
    """Kill the launcher when that epoch has begun, and wait until its ranks are gone."""
    assert process.stderr is not None
    while not (line := process.stderr.readline()).startswith(f"[Epoch {epoch - 1}/"):
        assert line, "the training ended"
    ranks = psutil.Process(process.pid).children()
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(ranks, timeout=60)
    assert alive == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere ranks look for it by themselves")
@pytest.mark.parametrize(("ranks", "strategy"), [(2, "replicate"), (3, "shard")])
@pytest.mark.matrix
def test_killed_as_launcher_it_ends_the_same(ranks: int, strategy: str, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    undisturbed = fit(whole, ranks, strategy)
    _, said = undisturbed.communicate()
    assert undisturbed.returncode == 0, said
    for epoch in (2, 3):
        kill_in_epoch(fit(killed, ranks, strategy), epoch)
        assert run_in(killed).status().life is Life.CRASHED
        assert wounds(run_in(killed)) == []
    last = fit(killed, ranks, strategy)
    _, said = last.communicate()
    assert last.returncode == 0, said
    assert differences(run_in(killed), run_in(whole)) == []
