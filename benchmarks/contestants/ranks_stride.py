"""stride on two ranks with everything on: rows, monitors, weights, checkpoints, provenance."""

from __future__ import annotations

import contextlib
import os
from typing import Any

import torch
from torch.utils.data import TensorDataset

from benchmarks.contestants.figures import figure_of
from benchmarks.contestants.rank_pair import RankPair
from benchmarks.contestants.step_problem import Problem
from benchmarks.contestants.step_stride import TimedTask, settings_of
from stride.config.resolution import Layer, resolve
from stride.store.provenance.take import start_taking
from stride.store.work_dir import WorkDir
from stride.training.catalog import BuiltinCatalog
from stride.training.fitting import fit_run
from stride.training.given import Given
from stride.training.ranks.environment import find_ranks
from stride.training.ranks.process_group import join
from stride.training.view import SilentView


def main() -> None:
    """One fit of more epochs than there are rounds; the frame ends it."""
    pair = RankPair()
    problem = Problem.of(pair.arguments)
    given = Given(
        model=problem.model(),
        task=TimedTask(pair, figure_of(pair.arguments)),
        datasets={
            "train": TensorDataset(*problem.training_data()),
            "val": TensorDataset(*problem.validation_data()),
        },
    )
    tree: dict[str, Any] = settings_of(problem)
    layers = [Layer("objects", given.names()), Layer("settings", tree)]
    resolved = resolve(layers, BuiltinCatalog())
    experiment = WorkDir(f"{pair.arguments['folder']}/exp")
    place = find_ranks(os.environ)
    assert place is not None
    with contextlib.suppress(KeyboardInterrupt), join(place, torch.device("cpu")) as ranks:
        fit_run(
            resolved.config,
            lambda code: experiment.create(resolved.config.to_json(), code=code),
            given=given,
            view=SilentView(),
            taking=start_taking(experiment=experiment.path),
            ranks=ranks,
        )
    pair.close()


if __name__ == "__main__":
    main()
