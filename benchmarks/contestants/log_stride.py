"""Logging with stride: rows of a table, flushed at the end or handed to the system one by one."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.line import Line
from stride.tables import Table


def main() -> None:
    """Each round appends `count` rows of `scalars` values to a new table."""
    line = Line()
    folder, scalars = Path(line.arguments["folder"]), line.arguments["scalars"]
    rounds = 0

    def repeat() -> float:
        nonlocal rounds
        rounds += 1
        table = Table(folder / f"{rounds}.csv", delay=line.arguments["delay"])
        names = [f"loss_{number}" for number in range(scalars)]
        table.append({"step": 0, **dict.fromkeys(names, 0.0)})  # makes the file
        started = time.perf_counter()
        for step in range(line.arguments["count"]):
            table.append({"step": step, **dict.fromkeys(names, 1.0 / (step + 3))})
        table.flush()
        seconds = time.perf_counter() - started
        table.close()
        return seconds

    line.serve(repeat)


if __name__ == "__main__":
    main()
