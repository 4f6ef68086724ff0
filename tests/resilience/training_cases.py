"""The table of trainings that are killed: each shows one thing that a resume may get wrong.

All are tiny: some seconds with everything, most of which is the start of a process. Their
checkpoints are several in an epoch, at steps that fit neither the epochs nor the rows of the log.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.resilience.own_data import loaders

_HERE = Path(__file__).parent


def _data(name: str) -> str:
    return f"{_HERE / 'own_data.py'}:{name}"


def _part(name: str) -> str:
    return f"{_HERE / 'own_parts.py'}:{name}"


Tree = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One training.

    Attributes:
        settings: keyword arguments of `Trainer`, over those that all have.
        objects: makes those that are no settings; called in the process that trains.
        fast: whether `make test` kills it too; all others belong to the matrix.
    """

    name: str
    settings: Tree = field(default_factory=dict)
    objects: Callable[[], Tree] = dict
    fast: bool = False

    def arguments(self, *, device: str = "cpu", above: Tree | None = None) -> Tree:
        """All keyword arguments of `Trainer` but the folder.

        Args:
            above: settings over those of the case.
        """
        settings = _merged({**_COMMON, "device": device}, self.settings)
        return {**copy.deepcopy(_merged(settings, above or {})), **self.objects()}


def _merged(below: Tree, above: Tree) -> Tree:
    """Mappings are merged key by key; where another thing is named, the first is forgotten."""
    both = {**below, **above}
    for key in below.keys() & above.keys():
        if isinstance(below[key], dict) and isinstance(above[key], dict):
            renamed = f"{key.removesuffix('_kwargs')}_name" in above[key]
            both[key] = above[key] if renamed else _merged(below[key], above[key])
    return both


_COMMON: Tree = {
    "seed": 5,
    "dataset_kwargs": {"dataset_name": _data("Noisy"), "samples": 160},
    "load_data_kwargs": {
        "train_loader_kwargs": {"batch_size": 8},
        "val_loader_kwargs": {"batch_size": 16},
        "test_loader_kwargs": {"batch_size": 16},
    },
    "model_kwargs": {"model_name": _part("Net"), "dropout": 0.0, "batch_norm": False},
    "optimizer_kwargs": {"optimizer_name": "AdamW", "lr": 0.01},
    "fit_kwargs": {"max_epochs": 3, "threads": 1},
    "checkpoint_kwargs": {"every_steps": 7, "keep": 2},
    "log_kwargs": {"every": 3, "progress": False},
}
_WORKERS: Tree = {
    "train_loader_kwargs": {"num_workers": 2},
    "val_loader_kwargs": {"num_workers": 1},
}
_REGULARIZED: Tree = {"dropout": 0.2, "batch_norm": True}
_PLATEAU: Tree = {
    "fit_kwargs": {
        "max_epochs": 12,
        "evaluate_every": 9,
        "early_stopping": {"patience": 3, "monitor": "val_loss:min"},
    },
    "optimizer_kwargs": {"lr": 0.3},
    "scheduler_kwargs": {
        "scheduler_name": "ReduceLROnPlateau",
        "patience": 0,
        "interval": "evaluation",
        "monitor": "val_loss",
    },
}

CASES: tuple[Case, ...] = (
    Case(
        "plain tensors, cosine by step",
        {
            "dataset_kwargs": {"dataset_name": _data("Rows")},
            "scheduler_kwargs": {"scheduler_name": "CosineAnnealingLR", "interval": "step"},
        },
    ),
    Case("random augmentation"),
    Case("random augmentation by two workers", {"load_data_kwargs": _WORKERS}, fast=True),
    Case("a generator for each sample", {"dataset_kwargs": {"dataset_name": _data("Drawing")}}),
    Case("dropout and batch norm", {"model_kwargs": _REGULARIZED}, fast=True),
    Case(
        "accumulation with a short last window",
        {
            "dataset_kwargs": {"samples": 157},
            "fit_kwargs": {"accumulate": 3, "clip_norm": 0.5},
            "model_kwargs": {"dropout": 0.2},
        },
        fast=True,
    ),
    Case(
        "averaged weights, evaluated between epochs",
        {
            "fit_kwargs": {"ema": {"decay": 0.9}, "evaluate_every": 9},
            "model_kwargs": _REGULARIZED,
        },
        fast=True,
    ),
    Case("plateau and early stopping", _PLATEAU, fast=True),
    Case(
        "bf16",
        {"fit_kwargs": {"precision": "bf16"}, "model_kwargs": _REGULARIZED},
        fast=True,
    ),
    Case(
        "two optimisers",
        {
            "task_kwargs": {"task_name": _part("Adversarial")},
            "model_kwargs": {"model_name": _part("Pair")},
            "fit_kwargs": {"monitors": ["val_loss:min"]},
        },
        fast=True,
    ),
    Case(
        "an iterable data set that knows where it is",
        {
            "dataset_kwargs": {"dataset_name": _data("stream")},
            "load_data_kwargs": {"train_loader_kwargs": {"shuffle": False}},
        },
        fast=True,
    ),
    Case(
        "an iterable data set that is skipped through, by two workers",
        {
            "dataset_kwargs": {"dataset_name": _data("shards")},
            "load_data_kwargs": {"train_loader_kwargs": {"shuffle": False, "num_workers": 2}},
        },
    ),
    Case(
        "a task with parameters, buffers, unfreezing and a metric of its own",
        {"task_kwargs": {"task_name": _part("Margin")}, "model_kwargs": _REGULARIZED},
    ),
    Case(
        "warm-up, one cycle, momentum, clipping by value",
        {
            "optimizer_kwargs": {"optimizer_name": "SGD", "lr": 0.01, "momentum": 0.9},
            "scheduler_kwargs": {
                "scheduler_name": "OneCycleLR",
                "max_lr": 0.1,
                "interval": "step",
                "warmup_steps": 10,
            },
            "fit_kwargs": {"clip_value": 0.1},
        },
    ),
    Case(
        "two monitors, the best checkpoint kept",
        {
            "fit_kwargs": {
                "monitors": ["val_accuracy:max", "val_loss:min"],
                "evaluate_every": 6,
            },
            "checkpoint_kwargs": {"keep_best": True, "every_steps": 4},
        },
    ),
    Case(
        "one checkpoint, written while training waits",
        {"checkpoint_kwargs": {"background": False, "keep": 1}, "model_kwargs": _REGULARIZED},
    ),
    Case(
        "weighted samples",
        {"load_data_kwargs": {"train_loader_kwargs": {"sampler_name": "balanced"}}},
    ),
    Case(
        "losses that are not finite are skipped",
        {
            "dataset_kwargs": {"dataset_name": _data("Uneven")},
            "fit_kwargs": {"on_nonfinite": "skip"},
        },
    ),
    Case(
        "a state that is larger than the weights",
        {
            "model_kwargs": {**_REGULARIZED, "hidden": 512},
            "checkpoint_kwargs": {"keep": 3},
        },
    ),
    Case("loaders that were handed over", objects=loaders),
    Case("LBFGS", {"optimizer_kwargs": {"optimizer_name": "LBFGS", "lr": 0.1, "max_iter": 4}}),
    Case(
        "a limit of steps in the middle of an epoch",
        {"fit_kwargs": {"max_steps": 47, "max_epochs": 10}, "model_kwargs": _REGULARIZED},
    ),
    Case(
        "everything at once",
        {
            **_PLATEAU,
            "fit_kwargs": {
                **_PLATEAU["fit_kwargs"],
                "accumulate": 3,
                "precision": "bf16",
                "ema": {"decay": 0.9},
                "clip_norm": 1.0,
            },
            "dataset_kwargs": {"samples": 157},
            "load_data_kwargs": _WORKERS,
            "model_kwargs": _REGULARIZED,
            "optimizer_kwargs": {"lr": 0.1},
        },
        fast=True,
    ),
)


def case_named(name: str) -> Case:
    """The case of that name.

    Raises:
        LookupError: there is none.
    """
    for case in CASES:
        if case.name == name:
            return case
    raise LookupError(f"there is no case {name!r}")
