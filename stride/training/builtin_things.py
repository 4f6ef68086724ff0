"""The built-in things that a name picks: where each is defined. Nothing is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stride.config.nearest import nearest
from stride.errors import ConfigError
from stride.training.torch_names import loss_sources, optimizer_sources, scheduler_sources

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class BuiltinThing:
    """A class or function that comes with stride or torch.

    Attributes:
        module: to import it from.
        attribute: its name in that module.
        source: the file that defines it, under the same name.
    """

    module: str
    attribute: str
    source: Path


def _own(attribute: str, *path: str) -> BuiltinThing:
    module = ".".join(("stride.training", *path))
    return BuiltinThing(module, attribute, _HERE.joinpath(*path).with_suffix(".py"))


_OWN: Final[Mapping[str, Mapping[str, BuiltinThing]]] = {
    "task": {"supervised": _own("Supervised", "supervised")},
    "dataset": {
        "arrays": _own("arrays", "datasets", "arrays"),
        "digits": _own("digits", "datasets", "digits"),
    },
    "model": {
        "CNet": _own("CNet", "models", "cnet"),
        "FCNN": _own("FCNN", "models", "fcnn"),
        "MLP": _own("MLP", "models", "mlp"),
        "ResNet": _own("build_resnet", "models", "resnet"),
    },
    "sampler": {
        "balanced": _own("Balanced", "batches", "samplers"),
        "by_length": _own("ByLength", "batches", "samplers"),
        "weighted": _own("Weighted", "batches", "samplers"),
    },
    "collate": {
        "list": _own("as_list", "batches", "collating"),
        "pad": _own("pad", "batches", "collating"),
    },
    "callback": {
        # It lies on a floor above this one: known by name alone, and imported where asked for.
        "tensorboard": BuiltinThing(
            "stride.integrations.tensorboard",
            "TensorBoard",
            _HERE.parent / "integrations" / "tensorboard.py",
        ),
    },
}

_NOT_BY_NAME: Final[Mapping[str, Mapping[str, str]]] = {
    "optimizer": {
        "SparseAdam": "it takes sparse gradients only",
    },
    "scheduler": {
        "LambdaLR": "it needs a function",
        "MultiplicativeLR": "it needs a function",
    },
    "loss": {
        "CTCLoss": "it compares more than outputs and targets",
        "CosineEmbeddingLoss": "it compares more than outputs and targets",
        "GaussianNLLLoss": "it compares more than outputs and targets",
        "LinearCrossEntropyLoss": "it is a layer with weights of its own",
        "MarginRankingLoss": "it compares more than outputs and targets",
        "NLLLoss2d": "it is an old name of NLLLoss",
        "TripletMarginLoss": "it compares more than outputs and targets",
        "TripletMarginWithDistanceLoss": "it compares more than outputs and targets",
    },
}
"""What torch has and a name alone cannot pick, and why."""


def builtin_things(kind: str) -> Mapping[str, BuiltinThing]:
    """The built-in things of a kind by name.

    Raises:
        CodeReferenceError: they are torch's, and torch is not installed.
    """
    if kind in _OWN:
        return _OWN[kind]
    module, sources = {
        "optimizer": ("torch.optim", optimizer_sources),
        "scheduler": ("torch.optim.lr_scheduler", scheduler_sources),
        "loss": ("torch.nn", loss_sources),
    }[kind]
    return {
        name: BuiltinThing(module, name, source)
        for name, source in sorted(sources().items())
        if name not in _NOT_BY_NAME[kind]
    }


def find_builtin(kind: str, name: str) -> BuiltinThing:
    """The built-in thing of that name.

    Raises:
        ConfigError: there is none; the sentence names the nearest, or says how to name one's own.
        CodeReferenceError: torch is not installed.
    """
    things = builtin_things(kind)
    if name in things:
        return things[name]
    words = KIND_WORDS[kind]
    reason = _NOT_BY_NAME.get(kind, {}).get(name)
    if reason is not None:
        raise ConfigError(f"{name} cannot be picked by its name: {reason}; {_OWN_NAME_HINT}")
    near = nearest(name, things)
    module, dot, attribute = name.rpartition(".")
    if near is not None:
        hint = f"did you mean {near}?"
    elif dot and module and attribute.isidentifier():
        hint = f"a {words} of your own is written {module}:{attribute}"
    else:
        hint = f"there are {', '.join(things)}; {_OWN_NAME_HINT}"
    raise ConfigError(f"there is no {words} {name!r}; {hint}")


KIND_WORDS: Final[Mapping[str, str]] = {
    "task": "task",
    "dataset": "data set",
    "model": "model",
    "loss": "loss",
    "optimizer": "optimizer",
    "scheduler": "scheduler",
    "sampler": "sampler",
    "collate": "collate function",
    "callback": "callback",
}
"""How people call the things of a kind."""

_OWN_NAME_HINT: Final = "one of your own is written package.module:Name or path/file.py:Name"
