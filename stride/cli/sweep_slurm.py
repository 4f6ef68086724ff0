"""`stride sweep --slurm`: writes the job script of the workers, and submits it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from stride.cli import answer
from stride.cli.sweep_page import summary_fields
from stride.cli.sweep_plan import SweepPlan
from stride.errors import StrideError, UsageError
from stride.files import storage_errors, write_exclusive
from stride.sweep.batch_script import batch_script, read_batch_options
from stride.sweep.summary import read_summary


def check_slurm(texts: Sequence[str]) -> dict[str, str | None]:
    """The options of sbatch, if it is here.

    Raises:
        UsageError: it is not, or an option is none.
    """
    options = read_batch_options(texts)
    if shutil.which("sbatch") is None:
        raise UsageError("--slurm needs sbatch, which is not here: run it where jobs are submitted")
    return options


def submit(
    plan: SweepPlan,
    workers: int,
    options: dict[str, str | None],
    command: Sequence[str],
    *,
    json: bool,
) -> None:
    """Submit the workers of a sweep that was begun, and answer with the number of the job.

    Raises:
        StrideError: SLURM refuses; the sentence is SLURM's.
        StorageError: the script cannot be written.
    """
    folder = plan.folder
    with storage_errors("make", folder.batch_path):
        folder.batch_path.mkdir(exist_ok=True)
    content = batch_script(folder, workers, command, options).encode()
    number = 1
    while not write_exclusive(folder.batch_path / f"workers-{number}.sh", content):
        number += 1
    script = folder.batch_path / f"workers-{number}.sh"
    job = _submit(script)
    if json:
        fields = summary_fields(folder, read_summary(folder, plan.definition))
        answer.write_json({**fields, "job": job, "script": str(script)})
        return
    answer.write(f"job {job}: {workers} workers of {folder.address}")
    answer.note(
        f"the script is {script}; stride sweep --show {folder.work_dir.address} {folder.name}"
        " shows how it stands"
    )


def _submit(script: Path) -> str:
    done = subprocess.run(
        ["sbatch", "--parsable", str(script)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        said = " ".join(done.stderr.split()).removeprefix("sbatch: ").removeprefix("error: ")
        raise StrideError(f"SLURM refuses the job: {said}; the script is {script}")
    return done.stdout.strip().partition(";")[0]
