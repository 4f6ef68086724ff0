"""Creating runs with stride, durable: the median of one creation in a loop."""

from __future__ import annotations

import shutil
import statistics
import time
from pathlib import Path

from benchmarks import content
from benchmarks.line import Line
from benchmarks.stores.stride_store import populate
from stride.store.work_dir import WorkDir


def main() -> None:
    """With few existing runs each round has an experiment of its own, so that they stay few."""
    line = Line()
    folder, existing = Path(line.arguments["folder"]), line.arguments["existing"]
    rounds = 0
    anew = existing < 1000
    if not anew:
        populate(folder / "exp", existing)

    def repeat() -> float:
        nonlocal rounds
        if anew:
            shutil.rmtree(folder / "exp", ignore_errors=True)
            populate(folder / "exp", existing)
        rounds += 1
        work_dir = WorkDir(folder / "exp")
        seconds = []
        for number in range(line.arguments["count"]):
            config = content.config(1_000_000 * rounds + number)
            started = time.perf_counter()
            work_dir.create(config)
            seconds.append(time.perf_counter() - started)
        return statistics.median(seconds)

    line.serve(repeat)


if __name__ == "__main__":
    main()
