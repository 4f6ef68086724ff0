"""A sweep in a real SLURM of one node: an array of workers, one of them stopped and requeued."""

from __future__ import annotations

import re
import sys

import pytest

from stride.store.record import Status
from stride.store.work_dir import WorkDir
from tests.slurm.one_node import why_not
from tests.slurm.test_slurm import Cluster, cluster, environment

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")

__all__ = ["cluster", "environment"]
"""Fixtures: the same cluster as of single trainings."""

SWEEP = ("--config", "optimizer_kwargs.lr=1e-4,1e-3,1e-2", "--config", "fit_kwargs.max_epochs=300",
         "--config", "fit_kwargs.threads=1", "--config", "model_kwargs.hidden_dims=4")  # fmt: skip


def test_workers_of_an_array_share_a_sweep_and_one_that_is_stopped_comes_again(
    cluster: Cluster,
) -> None:
    done = cluster.call(
        sys.executable, "-m", "stride", "sweep", "exp", *SWEEP, "--slurm", "--workers", "2",
        "--slurm-option", "time=10", "--slurm-option", "cpus-per-task=1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = re.match(r"job (\d+): 2 workers of sweep lr of exp", done.stdout)
    assert found is not None, done.stdout
    cluster.wait(lambda: cluster.has_epochs("0") and cluster.has_epochs("1"))
    # What SLURM does before the time limit.
    cluster.call("scancel", "--signal=USR1", f"{found[1]}_0")
    cluster.wait(lambda: not cluster.call("squeue", "-h").stdout)
    work_dir = WorkDir(cluster.folder / "exp")
    records = [run.read_record() for run in work_dir.runs()]
    assert [record.status for record in records] == [Status.COMPLETED] * 3
    assert sorted(record.sweep.trial for record in records if record.sweep) == [0, 1, 2]
    restarts = [attempt.slurm_restarts for record in records for attempt in record.attempts]
    assert len(restarts) == 4, "one trial has two attempts"
    shown = cluster.call(sys.executable, "-m", "stride", "sweep", "--show", "exp")
    assert "3 completed" in shown.stdout
