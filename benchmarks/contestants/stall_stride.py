"""stride's Trainer with a checkpoint every so many steps, in the background or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn
from torch.utils.data import TensorDataset

from benchmarks.contestants.stall_problem import BATCH_SIZE, StallProblem
from benchmarks.contestants.stall_watch import StallWatch
from benchmarks.line import Line
from stride.training.output import Output
from stride.training.supervised import Supervised
from stride.training.trainer import Trainer


class Watched(Supervised):
    """The built-in task, each of whose steps is seen."""

    def __init__(self, watch: StallWatch) -> None:
        super().__init__(target_kind="numbers", metrics=[])
        self._watch = watch

    def step(self, model: nn.Module, batch: Any) -> Output:
        self._watch.step_begins()
        return super().step(model, batch)


def main() -> None:
    """One fit of more steps than there are rounds; the frame ends it."""
    line = Line()
    problem = StallProblem.of(line.arguments)
    work_dir = Path(line.arguments["folder"]) / "exp"

    def written(step: int) -> bool:
        return any(work_dir.glob(f"*/checkpoints/step-{step:08d}"))

    watch = StallWatch(
        line,
        every=problem.every,
        steps_after=problem.steps_after,
        written=written,
        in_all=problem.in_all,
    )
    trainer = Trainer(
        work_dir=work_dir,
        device="cpu",
        model=problem.model(),
        task=Watched(watch),
        datasets={"train": TensorDataset(*problem.data())},
        load_data_kwargs={"train_loader_kwargs": {"batch_size": BATCH_SIZE}},
        optimizer_kwargs={"optimizer_name": "AdamW"},
        fit_kwargs={"max_epochs": 1000, "threads": 1},
        checkpoint_kwargs={
            "every_epochs": None,
            "every_minutes": None,
            "every_steps": problem.every,
            "keep": 1,
            "background": line.arguments["background"],
        },
    )
    trainer.fit()


if __name__ == "__main__":
    main()
