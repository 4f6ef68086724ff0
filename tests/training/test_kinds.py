"""Kinds: what is taken for a model, a data set or a loss; the rest is refused, never called."""

from __future__ import annotations

import builtins
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset, IterableDataset, TensorDataset

from stride.errors import CodeReferenceError
from stride.training.batches.sampler import Sampler
from stride.training.kinds import check_built, check_kind, is_plain_loss
from stride.training.task import Task


class Net(nn.Module):
    def __init__(self, width: int = 1) -> None:
        super().__init__()


class Numbers(Dataset[int]):
    def __init__(self, split: str) -> None: ...


class Stream(IterableDataset[int]):
    def __init__(self, split: str) -> None: ...

    def __iter__(self) -> Iterator[int]:
        return iter(())


class Backwards(Sampler):
    def __init__(self, data: Dataset[int], step: int = 1) -> None: ...

    def indices(self, seed: int, epoch: int) -> list[int]:
        return []


def put_together(samples, factor=1.0):  # type: ignore[no-untyped-def]
    raise AssertionError("it must not be called")


class Unfinished(Task):
    pass


def make_net() -> Net:
    raise AssertionError("it must not be called")


def make_net_in_words(size: "Nowhere") -> "nn.Module":  # noqa: F821, UP037
    raise AssertionError("it must not be called")


def make_numbers(split: str) -> Dataset[int]:
    raise AssertionError("it must not be called")


def make_one_of_two(split: str) -> Numbers | TensorDataset:
    raise AssertionError("it must not be called")


def make_net_or_nothing() -> nn.Module | None:
    raise AssertionError("it must not be called")


def compare(outputs: Tensor, targets: Tensor) -> Tensor:
    raise AssertionError("it must not be called")


def say_nothing():  # type: ignore[no-untyped-def]
    raise AssertionError("it must not be called")


@pytest.mark.parametrize(
    ("kind", "thing"),
    [
        ("model", Net),
        ("model", make_net),
        ("model", make_net_in_words),
        ("dataset", Numbers),
        ("dataset", make_numbers),
        ("dataset", make_one_of_two),
        ("loss", nn.MSELoss),
        ("loss", compare),
        ("optimizer", torch.optim.SGD),
        ("scheduler", torch.optim.lr_scheduler.ReduceLROnPlateau),
        ("dataset", Stream),
        ("sampler", Backwards),
        ("collate", put_together),
    ],
)
def test_classes_of_the_base_and_functions_that_promise_one_are_taken(
    kind: str, thing: object
) -> None:
    check_kind(kind, thing, "own:Thing")


@pytest.mark.parametrize(
    ("kind", "thing", "sentence"),
    [
        ("model", os.system, "a built-in function and no model"),
        ("model", builtins.eval, "a built-in function and no model"),
        ("model", subprocess.run, "a function without a return annotation and no model"),
        ("model", say_nothing, "without a return annotation"),
        ("model", compare, "annotated to return Tensor"),
        ("model", make_net_or_nothing, "annotated to return Module . None|nn.Module . None"),
        ("model", Numbers, "a class and no model: a model is a class derived from torch.nn.Module"),
        ("model", Net(), "an object of type Net"),
        ("model", os, "a module and no model"),
        ("model", 3, "an object of type int"),
        ("model", nn.Module, "is the base of every model"),
        ("task", Unfinished, "is abstract"),
        ("sampler", Sampler, "is the base of every sampler"),
        ("sampler", put_together, "no sampler: a sampler is a class derived from"),
        ("collate", os.system, "a built-in function and no collate function"),
        ("collate", say_nothing, "whose first argument is a list of samples"),
        ("collate", Net, "a class and no collate function"),
        ("dataset", TensorDataset, "takes no argument `split`"),
        ("loss", Numbers, "or a function of outputs and targets"),
        ("optimizer", Net, "no optimizer"),
    ],
)
def test_anything_else_is_refused_with_what_is_wanted(
    kind: str, thing: object, sentence: str
) -> None:
    with pytest.raises(CodeReferenceError, match=sentence):
        check_kind(kind, thing, "own:Thing")


def test_a_plain_loss_is_told_from_a_function_that_builds_one() -> None:
    def build() -> nn.Module:
        raise AssertionError("it must not be called")

    assert is_plain_loss(compare)
    assert not is_plain_loss(build)


@pytest.mark.parametrize("built", [None, "net", Net])
def test_a_function_that_breaks_its_promise_is_found_out(built: Any) -> None:
    with pytest.raises(CodeReferenceError, match=r"own:make gave .* and no model"):
        check_built("model", built, "own:make")
    check_built("model", Net(), "own:make")
