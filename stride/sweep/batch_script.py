"""The job script of a sweep's workers for SLURM: an array of jobs, each of which joins the sweep.

A plain script, as a person would write it: it can be read, kept, changed and submitted again by
hand, and needs no package on the cluster.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from stride.errors import ConfigError
from stride.sweep.folder import SweepFolder

_TAIL = """
if [ -n "$SLURM_CPUS_PER_TASK" ]; then
    export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK
fi

srun --ntasks=1 --wait=60 {command}
code=$?

# 75: stopped in time, and to be started again; it goes on with what is missing then.
if [ $code -eq 75 ]; then
    scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID"
fi
exit $code
"""


def batch_script(
    folder: SweepFolder, workers: int, command: Sequence[str], options: Mapping[str, str | None]
) -> str:
    """The text of the script.

    Args:
        workers: elements of the array.
        command: of a worker.
        options: of sbatch, over those that are here; None for one without a value.

    Raises:
        ConfigError: the path of the sweep is not one line.
    """
    chosen: dict[str, str | None] = {
        "job-name": folder.name,
        "array": f"0-{workers - 1}",
        "ntasks": "1",
        "signal": "USR1@120",
        "requeue": None,
        "open-mode": "append",
        "output": str(folder.batch_path / "%A_%a.out"),
        **options,
    }
    lines = [f"#SBATCH --{name}{'' if value is None else f'={_quoted(value)}'}"
             for name, value in chosen.items()]  # fmt: skip
    return "\n".join(["#!/bin/bash", *lines]) + "\n" + _TAIL.format(command=shlex.join(command))


def _quoted(value: str) -> str:
    """A value as sbatch reads it in a script: it takes blanks, quotes and # as a shell does.

    Raises:
        ConfigError: it would end the line, and what follows would be run.
    """
    if not value.isprintable():
        raise ConfigError(f"a job script cannot have the value {value!r}: it is more than a line")
    return shlex.quote(value) if re.search(r"[\s'\"\\#]", value) else value


def read_batch_options(texts: Sequence[str]) -> dict[str, str | None]:
    """Read the `partition=gpu` of `--slurm-option`; one without a value is a switch.

    Raises:
        ConfigError: it is no option of sbatch, or one that is not for people to give.
    """
    options: dict[str, str | None] = {}
    for text in texts:
        name, equals, value = text.removeprefix("--").partition("=")
        if not re.fullmatch(r"[a-z][a-z0-9-]+", name) or not value.isprintable():
            raise ConfigError(f"--slurm-option {text}: write NAME=VALUE, as in partition=gpu")
        if name == "array":
            raise ConfigError(f"--slurm-option {text}: --workers says how many jobs there are")
        options[name] = value if equals else None
    return options
