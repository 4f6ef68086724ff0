"""A Guild home: one run that Guild made, the rest copies of it. Arguments: folder, count."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import yaml

from benchmarks import content

_SCRIPT = "lr = 0.001\nprint('val_accuracy: 0.9')\n"


def main() -> None:
    """Flags, label and times are each run's own; Guild nests no flags, so keys are dashed."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    home, project = folder / "home", folder / "project"
    home.mkdir()
    project.mkdir()
    (project / "train.py").write_text(_SCRIPT)
    guild = Path(sys.executable).parent / "guild"
    environment = os.environ | {"GUILD_HOME": str(home)}
    subprocess.run([guild, "run", "train.py", "-y"], cwd=project, env=environment, check=True)
    runs = home / "runs"
    first = next(runs.iterdir())
    for number in range(1, count):
        _copy(first, runs / uuid.uuid4().hex, number)


def _copy(first: Path, run: Path, number: int) -> None:
    shutil.copytree(first, run, copy_function=os.link)  # what is the same is held once
    attributes = run / ".guild" / "attrs"
    flags = {key.replace(".", "-"): value for key, value in content.flatten(content.config(number))}
    started = (content.FIRST_MOMENT + 60 * number) * 1_000_000
    for name, value in (
        ("id", run.name),
        ("flags", flags),
        ("label", f"lr={flags['optimizer_kwargs-lr']} seed={flags['seed']}"),
        ("started", started),
        ("initialized", started),
        ("stopped", started + 30_000_000),
    ):
        (attributes / name).unlink()
        (attributes / name).write_text(yaml.safe_dump(value).removesuffix("...\n"))


if __name__ == "__main__":
    main()
