"""What makes a class or function a task, data set, model, loss, optimiser, scheduler, sampler or
callback.

A class is known by the names of its bases, so that torch need not be imported to look at it:
whatever derives from torch's classes has imported torch by then.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stride.errors import CodeReferenceError
from stride.training.builtin_things import KIND_WORDS


@dataclass(frozen=True)
class Base:
    """A class by its name.

    Attributes:
        module: that defines it.
        name: in that module.
        shown: as people import it.
    """

    module: str
    name: str
    shown: str

    def is_base_of(self, thing: object) -> bool:
        """Whether a class is this one or derives from it."""
        return isinstance(thing, type) and any(
            (parent.__module__, parent.__qualname__) == (self.module, self.name)
            for parent in thing.__mro__
        )


BASES: Final[Mapping[str, Base]] = {
    "task": Base("stride.training.task", "Task", "stride.Task"),
    "dataset": Base("torch.utils.data.dataset", "Dataset", "torch.utils.data.Dataset"),
    "model": Base("torch.nn.modules.module", "Module", "torch.nn.Module"),
    "loss": Base("torch.nn.modules.module", "Module", "torch.nn.Module"),
    "optimizer": Base("torch.optim.optimizer", "Optimizer", "torch.optim.Optimizer"),
    "scheduler": Base(
        "torch.optim.lr_scheduler", "LRScheduler", "torch.optim.lr_scheduler.LRScheduler"
    ),
    "sampler": Base("stride.training.batches.sampler", "Sampler", "stride.Sampler"),
    "callback": Base("stride.training.callbacks", "Callback", "stride.Callback"),
}
_BY_POSITION: Final = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)
_TENSOR: Final = Base("torch", "Tensor", "torch.Tensor")


def is_of_kind(kind: str, thing: object) -> bool:
    """Whether a class derives from the kind's base, or a function is annotated to return one.

    A collate function is any function: it is known by what it is given, a list of samples.
    """
    if kind == "collate":
        return isinstance(thing, types.FunctionType) and first_parameter(thing) is not None
    if isinstance(thing, type):
        return BASES[kind].is_base_of(thing)
    return _returns(thing, BASES[kind]) or (kind == "loss" and is_plain_loss(thing))


def is_plain_loss(thing: object) -> bool:
    """Whether it is a function of outputs and targets that is annotated to return a tensor."""
    return _returns(thing, _TENSOR)


def first_parameter(thing: object) -> str | None:
    """The name of the argument that comes first when it is called; None where there is none."""
    return next((p.name for p in _parameters(thing) if p.kind in _BY_POSITION), None)


def takes(thing: object, name: str) -> bool:
    """Whether it has an argument of that name."""
    return any(p.name == name for p in _parameters(thing))


def _parameters(thing: object) -> list[inspect.Parameter]:
    if not callable(thing):
        return []
    try:
        return list(inspect.signature(thing).parameters.values())
    except (TypeError, ValueError):  # written in C
        return []


def check_kind(kind: str, thing: object, name: str) -> None:
    """The thing that a name picked can be used as one of the kind. It is not called.

    Raises:
        CodeReferenceError: it cannot; the sentence says what is wanted.
    """
    if kind == "collate":
        if not is_of_kind(kind, thing):
            raise CodeReferenceError(
                f"{name} is {_what_it_is(thing)} and no collate function: that is a function whose"
                " first argument is a list of samples"
            )
        return
    base, words = BASES[kind], KIND_WORDS[kind]
    wanted = (
        f"a {words} is a class derived from {base.shown}, or a function annotated to return one"
    )
    if kind == "loss":
        wanted += ", or a function of outputs and targets annotated to return a torch.Tensor"
    if not is_of_kind(kind, thing):
        raise CodeReferenceError(f"{name} is {_what_it_is(thing)} and no {words}: {wanted}")
    if isinstance(thing, type) and (thing.__module__, thing.__qualname__) == (
        base.module,
        base.name,
    ):
        raise CodeReferenceError(f"{name} is the base of every {words}; derive one from it")
    if kind == "dataset":
        _check_dataset(thing, name)
    if inspect.isabstract(thing):
        raise CodeReferenceError(f"{name} is abstract: methods that it must have are missing")


def _check_dataset(thing: object, name: str) -> None:
    parameters = inspect.signature(typing.cast(Any, thing)).parameters.values()
    if not any(p.name == "split" or p.kind is p.VAR_KEYWORD for p in parameters):
        raise CodeReferenceError(
            f'{name} takes no argument `split`; a data set is built once with split="train", once'
            ' with "val" and once with "test"'
        )


def check_built(kind: str, built: object, name: str) -> None:
    """What a class or function gave when it was called is one of the kind.

    Raises:
        CodeReferenceError: a function did not keep the promise of its annotation.
    """
    if not BASES[kind].is_base_of(type(built)):
        raise CodeReferenceError(
            f"{name} gave {_what_it_is(built)}, and no {KIND_WORDS[kind]} ({BASES[kind].shown})"
        )


def _returns(thing: object, base: Base) -> bool:
    """Whether a function is annotated to return an instance of a base, or of one of several."""
    if not isinstance(thing, types.FunctionType):
        return False
    # A stand-in with the one annotation: those of the arguments may not be resolvable.
    promise = types.SimpleNamespace(
        __annotations__={"return": thing.__annotations__.get("return")},
        __globals__=thing.__globals__,
    )
    try:
        returned = typing.get_type_hints(promise)["return"]
    except Exception:  # noqa: BLE001 -- evaluating a stranger's annotation may raise anything
        return False
    is_union = isinstance(returned, types.UnionType) or typing.get_origin(returned) is typing.Union
    members = typing.get_args(returned) if is_union else (returned,)
    return all(base.is_base_of(typing.get_origin(member) or member) for member in members)


def _what_it_is(thing: object) -> str:
    if isinstance(thing, type):
        return "a class"
    if isinstance(thing, types.FunctionType):
        return f"a function {_promise(thing)}"
    if isinstance(thing, types.BuiltinFunctionType):
        return "a built-in function"
    if isinstance(thing, types.ModuleType):
        return "a module"
    return f"an object of type {type(thing).__name__}"


def _promise(function: types.FunctionType) -> str:
    if "return" not in function.__annotations__:
        return "without a return annotation"
    annotation = function.__annotations__["return"]
    shown = (
        annotation if isinstance(annotation, str) else getattr(annotation, "__name__", annotation)
    )
    return f"annotated to return {shown}"
