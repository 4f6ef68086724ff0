"""The content of run number n: the same config and the same metrics in every tool's store."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

Tree = dict[str, Any]

FIRST_MOMENT = (
    1_767_225_600  # seconds since 1970: run 0 was created then, each later one a minute after
)


def config(number: int) -> Tree:
    """About 40 settings, seven of which differ between runs."""
    dice = random.Random(number)
    return {
        "seed": number % 5,
        "device": "auto",
        "task_kwargs": {"task_name": "supervised", "loss_name": None, "metrics": ["accuracy"]},
        "dataset_kwargs": {"dataset_name": "digits"},
        "load_data_kwargs": {
            "train_loader_kwargs": {
                "batch_size": dice.choice([32, 64, 128]),
                "num_workers": 0,
                "shuffle": True,
                "drop_last": False,
            },
            "val_loader_kwargs": {"batch_size": 64, "num_workers": 0},
            "test_loader_kwargs": {"batch_size": 64, "num_workers": 0},
        },
        "model_kwargs": {
            "model_name": dice.choice(["MLP", "ResNet", "FCNN"]),
            "hidden_dims": [dice.choice([32, 64, 128]), dice.choice([32, 64])],
            "activation": "ReLU",
            "dropout": dice.choice([0.0, 0.1, 0.2]),
            "batch_norm": True,
            "input_shape": None,
            "output_shape": None,
        },
        "optimizer_kwargs": {
            "optimizer_name": "AdamW",
            "lr": dice.choice([1e-4, 3e-4, 1e-3, 3e-3]),
            "betas": [0.9, 0.999],
            "eps": 1e-8,
            "weight_decay": dice.choice([0.0, 1e-2]),
            "amsgrad": False,
            "maximize": False,
        },
        "scheduler_kwargs": {"scheduler_name": None, "interval": "epoch", "monitor": None},
        "fit_kwargs": {
            "max_epochs": 20,
            "max_steps": None,
            "clip_norm": None,
            "monitors": [],
            "on_nonfinite": "stop",
            "threads": None,
        },
        "log_kwargs": {"every": 50, "progress": True, "level": "INFO"},
    }


def metrics(number: int) -> dict[str, float]:
    """The last values of run number n."""
    dice = random.Random(f"metrics of {number}")
    return {
        "train_loss": round(dice.uniform(0.01, 0.3), 6),
        "train_accuracy": round(dice.uniform(0.9, 1.0), 6),
        "val_loss": round(dice.uniform(0.05, 0.4), 6),
        "val_accuracy": round(dice.uniform(0.88, 0.99), 6),
    }


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and their values, for stores that know no nesting."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
