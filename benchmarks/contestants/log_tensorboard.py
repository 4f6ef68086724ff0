"""Logging with TensorBoard's writer as torch ships it: `add_scalar` and `flush`."""

from __future__ import annotations

import time
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from benchmarks.line import Line


def main() -> None:
    """Each round adds `count` times `scalars` values to a new event file."""
    line = Line()
    folder, scalars = Path(line.arguments["folder"]), line.arguments["scalars"]
    each = line.arguments["delay"] == 0
    rounds = 0

    def repeat() -> float:
        nonlocal rounds
        rounds += 1
        writer = SummaryWriter(str(folder / str(rounds)))
        names = [f"loss_{number}" for number in range(scalars)]
        writer.add_scalar(names[0], 0.0, 0)
        writer.flush()  # makes the file
        started = time.perf_counter()
        for step in range(line.arguments["count"]):
            for name in names:
                writer.add_scalar(name, 1.0 / (step + 3), step)
            if each:
                writer.flush()
        writer.flush()
        seconds = time.perf_counter() - started
        writer.close()
        return seconds

    line.serve(repeat)


if __name__ == "__main__":
    main()
