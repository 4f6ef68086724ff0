"""A plain loop that stops for `torch.save` of model and optimiser."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from benchmarks.contestants.stall_problem import BATCH_SIZE, StallProblem
from benchmarks.contestants.stall_watch import StallWatch
from benchmarks.line import Line


def main() -> None:
    """Steps without end; the frame ends them."""
    line = Line()
    problem = StallProblem.of(line.arguments)
    path = Path(line.arguments["folder"]) / "checkpoint.pt"
    model = problem.model()
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    inputs, targets = problem.data()
    watch = StallWatch(
        line,
        every=problem.every,
        steps_after=problem.steps_after,
        written=lambda step: True,
        in_all=problem.in_all,
    )
    step = 0
    while True:
        for batch in torch.randperm(len(inputs)).split(BATCH_SIZE):
            watch.step_begins()
            optimizer.zero_grad()
            nn.functional.mse_loss(model(inputs[batch]), targets[batch]).backward()
            optimizer.step()
            step += 1
            if step % problem.every == 0:
                state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
                torch.save(state, path)


if __name__ == "__main__":
    main()
