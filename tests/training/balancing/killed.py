"""A balanced training that kills its own process; arguments are its folder, its balancing as JSON,
and the step.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from torch import nn

from stride.training.output import Output
from stride.training.trainer import Trainer
from tests.training.balancing.balanced import Several, trainer

SCALES = (1.0, 10.0, 3.0)


class Killed(Several):
    """Dies inside a step, between its two micro-batches; 0: never."""

    def __init__(self, at: int) -> None:
        super().__init__(("first", "second", "third"))
        self.at = at
        self.calls = 0

    def step(self, model: nn.Module, batch: Any) -> Output:
        self.calls += model.training
        if model.training and self.calls == 2 * self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().step(model, batch)


def training(folder: Path, balancing: dict[str, Any], at: int) -> Trainer:
    """Four windows an epoch in two micro-batches each, five epochs, a checkpoint every 3 steps."""
    return trainer(
        folder,
        balancing,
        scales=SCALES,
        task=Killed(at),
        batch_size=64,
        fit_kwargs={"max_epochs": 5, "accumulate": 2},
        checkpoint_kwargs={"every_steps": 3},
    )


def main() -> None:
    """Train until the kill."""
    training(Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])).fit(run="x")
