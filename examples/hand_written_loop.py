"""A loop of one's own that keeps its runs in an experiment: no Trainer, and no torch.

`python examples/hand_written_loop.py [EXPERIMENT]` fits a line to noisy points by gradient descent;
then `stride list EXPERIMENT` shows the run like any other.
"""

from __future__ import annotations

import random
import sys

from stride import WorkDir

POINTS = [(x, 2.0 * x + 1.0 + random.Random(x).gauss(0.0, 0.1)) for x in range(-5, 6)]


def main(experiment: str = "exp", lr: float = 0.02, epochs: int = 60) -> str:
    """Train one run, and give its address."""
    run = WorkDir(experiment).create({"lr": lr, "epochs": epochs})
    with run.start() as attempt:  # running; from here on completed, stopped or failed
        slope, offset = 0.0, 0.0
        for epoch in range(epochs):
            errors = [(x, slope * x + offset - y) for x, y in POINTS]
            slope -= lr * 2 * sum(error * x for x, error in errors) / len(POINTS)
            offset -= lr * 2 * sum(error for _, error in errors) / len(POINTS)
            loss = sum(error * error for _, error in errors) / len(POINTS)
            run.metrics.append({"epoch": epoch, "train_loss": loss})
            attempt.sign(step=epoch + 1, max_steps=epochs, metrics={"train_loss": loss})
        run.save_results({"slope": slope, "offset": offset, "train_loss": loss})
    return run.address


if __name__ == "__main__":
    print(main(*sys.argv[1:2]))
