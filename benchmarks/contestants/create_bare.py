"""The least that is durable: the files of a run, fsynced in a new folder, and one rename."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

from benchmarks import content
from benchmarks.line import Line
from stride.store.work_dir import WorkDir


def main() -> None:
    """The bytes are those of a run that stride made; no folder is fsynced, no name is checked."""
    line = Line()
    folder = Path(line.arguments["folder"])
    run = WorkDir(folder / "model").create(content.config(0))
    files = {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file()}
    target = folder / "bare"
    target.mkdir()
    born = 0

    def repeat() -> float:
        nonlocal born
        seconds = []
        for _ in range(line.arguments["count"]):
            started = time.perf_counter()
            staging = target / f".staging-{born}"
            staging.mkdir()
            for name, content_ in files.items():
                descriptor = os.open(staging / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
                os.write(descriptor, content_)
                os.fsync(descriptor)
                os.close(descriptor)
            staging.rename(target / str(born))
            seconds.append(time.perf_counter() - started)
            born += 1
        return statistics.median(seconds)

    line.serve(repeat)


if __name__ == "__main__":
    main()
