"""A small catalog, as the floor above gives a real one, and settings resolved with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from stride.config.nearest import nearest
from stride.config.overrides import parse_override, parse_removal
from stride.config.resolution import Layer, Resolved, resolve
from stride.config.signature import OPAQUE, Parameter, Signature
from stride.errors import CodeReferenceError, ConfigError

_THINGS: Mapping[str, Sequence[Signature]] = {
    "task": [
        Signature(
            "supervised",
            (
                Parameter("loss_name", str | None, None, "the loss; null: by the kind of targets"),
                Parameter("loss_kwargs", dict[str, Any], {}),
                Parameter("metrics", list[str], ["accuracy"]),
            ),
        )
    ],
    "loss": [
        Signature("CrossEntropyLoss", (Parameter("label_smoothing", float, 0.0),)),
        Signature("HuberLoss", (Parameter("delta", float, 1.0),)),
    ],
    "dataset": [
        Signature("digits"),
        Signature(
            "arrays",
            (
                Parameter("inputs", str, is_path=True),
                Parameter("masks", list[Path], []),
                Parameter("fractions", dict[str, float], {"train": 0.8, "val": 0.1}),
            ),
        ),
    ],
    "model": [
        Signature(
            "MLP",
            (
                Parameter("hidden_dims", list[int], [64], "width of each hidden layer"),
                Parameter("dropout", float, 0),
                Parameter("input_shape", list[int]),
            ),
        ),
        Signature(
            "ResNet",
            (
                Parameter("channels", list[int], (16, 32)),
                Parameter("dropout", float, 0.1),
                Parameter("activation", Literal["relu", "gelu"], "relu"),
                Parameter("blocks", list[dict[str, Any]], []),
            ),
        ),
        Signature("Net", (Parameter("width", int), Parameter("layer", default=OPAQUE))),
        Signature("Free", (Parameter("width", int, 8),), takes_any=True),
    ],
    "optimizer": [
        Signature(
            "AdamW",
            (Parameter("lr", float, 1e-3), Parameter("betas", tuple[float, float], (0.9, 0.999))),
        ),
        Signature("SGD", (Parameter("lr", float, 1e-3), Parameter("momentum", float, 0))),
    ],
    "scheduler": [
        Signature("StepLR", (Parameter("step_size", int), Parameter("gamma", float, 0.1)))
    ],
    "sampler": [Signature("weighted", (Parameter("samples", int | None, None),))],
    "collate": [Signature("pad", (Parameter("padding_value", float, 0.0),))],
    "callback": [
        Signature("tensorboard"),
        Signature(
            "notes",
            (Parameter("file", Path), Parameter("every", float, 1.0, "epochs between two notes")),
        ),
    ],
}


class SmallCatalog:
    """Things by name; references are looked up like code that may be missing, and remembered."""

    def __init__(self) -> None:
        self.looked_up: list[str] = []

    def names(self, kind: str) -> tuple[str, ...]:
        return tuple(thing.name for thing in _THINGS[kind])

    def signature(self, kind: str, name: str) -> Signature:
        self.looked_up.append(name)
        for thing in _THINGS[kind]:
            if thing.name == name:
                return thing
        if name.endswith("net.py:Net"):
            return Signature(name, (Parameter("width", int, 8),))
        if ":" in name:
            raise CodeReferenceError(f"{name} does not resolve")
        closest = nearest(name, self.names(kind))
        raise ConfigError(f"no {kind} is called {name}; did you mean {closest}?")


@pytest.fixture(scope="session")
def catalog() -> SmallCatalog:
    return SmallCatalog()


Settle = Callable[..., Resolved]


@pytest.fixture(scope="session")
def settle(catalog: SmallCatalog) -> Settle:
    """Resolve overrides typed as text over the tree of an experiment."""

    def settle(*texts: str, tree: Mapping[str, Any] | None = None, remove: str = "") -> Resolved:
        typed = Layer(
            overrides=tuple(parse_override(text) for text in texts),
            removals=tuple(parse_removal(text) for text in remove.split()),
        )
        return resolve([Layer("exp/config.json", tree or {}), typed], catalog)

    return settle
