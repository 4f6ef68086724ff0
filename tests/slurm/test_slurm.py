"""Trainings in a real SLURM of one node: the job script of the docs, preempted and requeued."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stride.store.record import AttemptRecord
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from tests.slurm.one_node import one_node_slurm, why_not

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180.0
SHORT = ("--config", "fit_kwargs.max_epochs=2", "--config", "fit_kwargs.threads=1")
LONG = ("--config", "fit_kwargs.max_epochs=100000", *SHORT[2:])

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")


class Cluster:
    """A cluster, and a folder in which jobs are submitted."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        path = f"{Path(sys.executable).parent}:{environment['PATH']}"
        self._environment = {**environment, "PATH": path, "OMP_NUM_THREADS": "1"}
        self.folder = folder

    def call(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the cluster to its end."""
        return subprocess.run(
            command,
            env=self._environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def submit(self, script: str) -> str:
        """Submit a job script, and give the number of its job."""
        (self.folder / "job.sh").write_text(script)
        done = self.call("sbatch", "--parsable", "job.sh")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def wait(self, is_so: Callable[[], bool]) -> None:
        """Look again and again until something is so."""
        limit = time.monotonic() + PATIENCE
        while not is_so():
            if time.monotonic() > limit:
                raise AssertionError(self.call("squeue").stdout + self.output)
            time.sleep(0.1)

    @property
    def output(self) -> str:
        """What all jobs wrote."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.out")))

    def status(self, name: str) -> str:
        """The status of a run of `exp`; "" while there is none."""
        return self.run(name).status().word if (self.folder / "exp" / name).exists() else ""

    def run(self, name: str) -> Run:
        """A run of `exp`."""
        return WorkDir(self.folder / "exp").run(name)

    def has_epochs(self, name: str) -> bool:
        """Whether a run has come through an epoch."""
        return self.status(name) == "running" and bool(self.run(name).metrics.read())


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    # A folder of its own: the path of munge's socket must be short.
    with tempfile.TemporaryDirectory(prefix="slurm-") as name:
        Path(name).chmod(0o755)
        with one_node_slurm(Path(name)) as environment:
            yield environment


@pytest.fixture
def cluster(environment: dict[str, str], tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(environment, tmp_path)
    yield cluster
    cluster.call("scancel", f"--user={os.getuid()}")
    cluster.wait(lambda: not cluster.call("squeue", "-h").stdout)


def job_script(tasks: int, array: str, *more: str) -> str:
    """The job script of the docs, for this small cluster."""
    page = (ROOT / "docs/distributed.md").read_text()
    script = re.search(r"```bash\n(#!/bin/bash\n.*?)```", page, re.DOTALL)
    assert script is not None
    text = re.sub(r"#SBATCH --gpus.*\n", "", script[1])
    for option, value in {
        "array": array,
        "nodes": "1",
        "ntasks-per-node": str(tasks),
        "cpus-per-task": "1",
    }.items():
        text, changed = re.subn(rf"--{option}=\S+", f"--{option}={value}", text)
        assert changed
    return text.replace("--resume", " ".join(["--resume", *more]))


def test_the_job_script_is_stopped_requeued_and_goes_on(cluster: Cluster) -> None:
    job = cluster.submit(job_script(2, "0-1", *LONG))
    for name in ("long-0", "long-1"):
        cluster.wait(lambda name=name: cluster.has_epochs(name))
    # What SLURM does before the time limit.
    cluster.call("scancel", "--signal=USR1", job)
    cluster.wait(lambda: cluster.output.count("is stopped after step") == 2)
    for name in ("long-0", "long-1"):
        cluster.wait(lambda name=name: len(attempts(cluster, name)) == 2)
        assert attempts(cluster, name)[0].outcome == "stopped"
        assert attempts(cluster, name)[1].slurm_restarts == 1
        assert attempts(cluster, name)[0].slurm_job == attempts(cluster, name)[1].slurm_job
        assert [attempt.world_size for attempt in attempts(cluster, name)] == [2, 2]
        cluster.call("stride", "stop", f"exp/{name}")
        cluster.wait(lambda name=name: cluster.status(name) == "stopped")
    cluster.wait(lambda: not cluster.call("squeue", "-h").stdout)  # 130 is not requeued
    assert cluster.output.count("stopped by SIGUSR1; exp/long-") == 2
    assert cluster.output.count("2 ranks on 1 node, started by slurm") == 4


def test_a_launcher_in_a_job_of_one_task_stops_with_its_ranks(cluster: Cluster) -> None:
    script = job_script(1, "0", *LONG).replace("--launcher slurm", "--nproc-per-node 2")
    job = cluster.submit(script.replace("scontrol requeue", "echo to be started again:"))
    cluster.wait(lambda: cluster.has_epochs("long-0"))
    cluster.call("scancel", "--signal=USR1", job)  # to the launcher and, beside it, to each rank
    cluster.wait(lambda: not cluster.call("squeue", "-h").stdout)
    assert cluster.run("long-0").status().text == "stopped (stopped by SIGUSR1)"
    assert "2 ranks on 1 node, started by stride" in cluster.output
    assert f"to be started again: {job}_0" in cluster.output


def attempts(cluster: Cluster, name: str) -> tuple[AttemptRecord, ...]:
    return cluster.run(name).read_record().attempts


def test_a_job_that_is_cancelled_leaves_a_stopped_run_with_a_checkpoint(cluster: Cluster) -> None:
    job = cluster.submit(job_script(1, "0", *LONG))
    cluster.wait(lambda: cluster.has_epochs("long-0"))
    cluster.call("scancel", job)
    cluster.wait(lambda: cluster.status("long-0") == "stopped")
    assert cluster.run("long-0").status().text == "stopped (stopped by SIGTERM)"
    assert cluster.run("long-0").checkpoint_paths.committed()


def test_a_job_whose_run_is_completed_says_so(cluster: Cluster) -> None:
    for _ in range(2):
        cluster.submit(job_script(1, "0", *SHORT))
        cluster.wait(lambda: not cluster.call("squeue", "-h").stdout)
    assert "exp/long-0 is completed already" in cluster.output
    assert len(attempts(cluster, "long-0")) == 1


def test_several_tasks_without_the_option_are_refused(cluster: Cluster) -> None:
    done = cluster.call("srun", "--ntasks=2", "stride", "fit", "--config", "work_dir=exp")
    assert done.returncode == 2
    sentence = "error: SLURM started 2 tasks, and each would train a run of its own"
    assert done.stderr.count(sentence) == 2
    assert not (cluster.folder / "exp").exists()


def test_a_launcher_in_each_task_is_refused(cluster: Cluster) -> None:
    command = ("srun", "--ntasks=2", "stride", "fit", "--config", "work_dir=exp")
    done = cluster.call(*command, "--nproc-per-node", "2")
    assert done.returncode == 2
    assert not (cluster.folder / "exp").exists()
