"""The catalog of what a name can pick, for the config floor; torch is not imported for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from stride.config.signature import Parameter, Signature, read_signature, signature_of
from stride.training.builtin_things import builtin_things, find_builtin
from stride.training.kinds import first_parameter, is_plain_loss
from stride.training.references import is_reference, load_reference

_GIVEN_BY_STRIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "dataset": ("split",),
    "optimizer": ("params",),
    "scheduler": ("optimizer", "last_epoch"),
    "sampler": ("dataset", "batch_size"),
    "collate": ("samples",),
}
"""Parameters that are no settings, because the training gives them."""

_NOT_SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "scheduler": ("verbose",),
    # How a loss is averaged belongs to the training; the others are an older way to say it.
    "loss": ("reduction", "size_average", "reduce"),
    # Gradients through the optimiser, and graphs of CUDA, are of no use in a plain loop.
    "optimizer": ("differentiable", "capturable"),
}
"""Parameters of torch that stride leaves at their defaults."""

_FROM_LENGTH: Final = {("CosineAnnealingLR", "T_max"), ("OneCycleLR", "total_steps")}
"""Parameters of schedulers that follow from the length of the training where they are null."""

_SEVERAL: Final = {("SequentialLR", "schedulers"), ("ChainedScheduler", "schedulers")}
"""Parameters of schedulers that are schedulers."""

_WEIGHTS: Final[Mapping[str, tuple[str, ...]]] = {
    "BCEWithLogitsLoss": ("pos_weight",),
    "CrossEntropyLoss": ("weight",),
    "MultiLabelSoftMarginLoss": ("weight",),
    "MultiMarginLoss": ("weight",),
    "NLLLoss": ("weight",),
}
"""Tensors that a loss of torch takes and that a config gives as a list."""


class BuiltinCatalog:
    """The things that come with stride and torch, and references to those of the user's own.

    Sources are parsed, not imported. Only a reference, `package.module:Name` or
    `path/file.py:Name`, is imported to be looked at.

    Args:
        code: a folder to take the user's own code from, instead of where it was.
    """

    def __init__(self, code: Path | None = None) -> None:
        self._code = code

    def names(self, kind: str) -> tuple[str, ...]:
        """The built-in names of a kind.

        Raises:
            CodeReferenceError: they are torch's, and torch is not installed.
        """
        return tuple(builtin_things(kind))

    def signature(self, kind: str, name: str) -> Signature:
        """The parameters of a thing.

        Raises:
            ConfigError: there is no built-in of that name; the sentence names the nearest.
            CodeReferenceError: a reference does not resolve, or not to a thing of the kind.
        """
        if is_reference(name):
            thing = load_reference(kind, name, code=self._code).thing
            skip = _GIVEN_BY_STRIDE.get(kind, ())
            if kind in ("sampler", "collate"):  # the first argument, whatever it is called
                skip = (*skip[1:], first_parameter(thing) or "")
            found = signature_of(thing, name, skip=skip)
            if kind == "loss" and is_plain_loss(thing):
                # The outputs and the targets come first, whatever they are called.
                return dataclasses.replace(found, parameters=found.parameters[2:])
            return found
        builtin = find_builtin(kind, name)
        skip = (*_GIVEN_BY_STRIDE.get(kind, ()), *_NOT_SETTINGS.get(kind, ()))
        found = read_signature(builtin.source, builtin.attribute, skip=skip)
        parameters = [_settled(name, parameter) for parameter in found.parameters]
        parameters += [_weights(each) for each in _WEIGHTS.get(name, ())] if kind == "loss" else []
        return Signature(name, tuple(parameters), found.takes_any)


def _weights(name: str) -> Parameter:
    help_text = "one number a class, by which its samples count; null: all alike"
    if name == "pos_weight":
        help_text = "one number an output, by which its positive targets count; null: all alike"
    return Parameter(name, list[float] | None, None, help_text)


def _settled(name: str, parameter: Parameter) -> Parameter:
    if (name, parameter.name) in _SEVERAL:
        help_text = "schedulers: names, or {scheduler_name: ..., arguments}"
        return dataclasses.replace(parameter, help=help_text, elements="scheduler")
    if (name, parameter.name) not in _FROM_LENGTH:
        return parameter
    return dataclasses.replace(
        parameter,
        annotation=int | None,
        default=None,
        help="steps of the scheduler in the whole training; null: from fit_kwargs",
    )
