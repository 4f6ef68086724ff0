"""A training of two balanced losses, as a program: alone, or as one rank of several."""

from __future__ import annotations

import os
import sys
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from stride.config.resolution import Layer, resolve
from stride.store.provenance.take import start_taking
from stride.store.record import CodeRecord
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.catalog import BuiltinCatalog
from stride.training.fitting import fit_run
from stride.training.given import Given
from stride.training.output import Output
from stride.training.ranks.environment import find_ranks
from stride.training.ranks.process_group import join
from stride.training.ranks.ranks import ONE, Ranks
from stride.training.task import Task
from stride.training.view import SilentView


class Unlike(Task):
    """Two losses of which one is 10,000 times the other."""

    def step(self, model: nn.Module, batch: Any) -> Output:
        inputs, targets = batch
        outputs = model(inputs)
        small, large = (outputs - targets * torch.tensor([1.0, 100.0])).square().mean(0)
        return Output({"small": small, "large": large}, len(inputs))

    def loss_names(self) -> tuple[str, ...]:
        return ("small", "large")

    def shared_parameters(self, model: nn.Module) -> list[Any]:
        return [model[2].weight]


def _given() -> Given:
    torch.manual_seed(0)
    inputs = torch.randn(200, 4)
    targets: Tensor = torch.tanh(inputs @ torch.randn(4, 2))
    layers = [nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 2)]
    return Given(
        model=nn.Sequential(*layers),
        task=Unlike(),
        datasets={"train": TensorDataset(inputs, targets)},
    )


def _train(folder: str, method: str, ranks: Ranks, strategy: str) -> None:
    given, work_dir = _given(), WorkDir(folder)
    tree = {
        **given.names(),
        "device": "cpu",
        "optimizer_kwargs": {"lr": 0.01},
        "fit_kwargs": {"max_epochs": 3, "accumulate": 2, "balancing": {"method": method}},
        "log_kwargs": {"every": 3},
        "distributed_kwargs": {"strategy": strategy},
        "load_data_kwargs": {"train_loader_kwargs": {"batch_size": 30}},
    }
    resolved = resolve([Layer("", tree)], BuiltinCatalog())

    def claim(code: tuple[CodeRecord, ...]) -> Run:
        return work_dir.create(resolved.config.to_json(), name=method, code=code)

    fit_run(
        resolved.config,
        claim,
        given=given,
        view=SilentView(),
        taking=start_taking(experiment=work_dir.path),
        ranks=ranks,
    )


def main() -> None:
    """Train by a strategy with each of the methods that are named, one after the other."""
    folder, strategy, *methods = sys.argv[1:]
    place = find_ranks(os.environ, None)
    if place is None:
        for method in methods:
            _train(folder, method, ONE, strategy)
        return
    with join(place, torch.device("cpu")) as ranks:
        for method in methods:
            _train(folder, method, ranks, strategy)


if __name__ == "__main__":
    main()
