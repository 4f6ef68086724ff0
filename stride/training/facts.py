"""What the data says about itself: shapes, and whether its targets are classes."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, Subset

from stride.training.batches.fetcher import Fetcher, Request
from stride.training.batches.sample_randomness import kept_generators


def read_facts(dataset: Dataset[Any] | None) -> dict[str, Any]:
    """The facts that a model or task may ask for: `input_shape`, `output_shape`, `target_kind`;
    None where unknown.

    `input_dtype` is one too: what predictions are later asked for is brought into it.

    A data set states them as attributes; what it does not state is worked out from its first sample
    where that is a pair of arrays or numbers. The number of classes is the length of its attribute
    `classes`.
    """
    guessed = _from_sample(_first_sample(dataset), _stated(dataset, "classes"))
    stated: dict[str, Any] = {"input_dtype": guessed.get("input_dtype")}
    for name in ("input_shape", "output_shape", "target_kind"):
        fact = _stated(dataset, name)
        stated[name] = guessed.get(name) if fact is None else fact
    return {
        name: fact if fact is None or isinstance(fact, str) else [int(size) for size in fact]
        for name, fact in stated.items()
    }


def _stated(dataset: object, name: str) -> Any:
    """An attribute of the data set, or of the one that it is a part of: data sets of others state
    what they like.
    """
    while isinstance(dataset, Subset) and getattr(dataset, name, None) is None:
        dataset = dataset.dataset
    return getattr(dataset, name, None)


def _first_sample(dataset: Any) -> Any:
    if not isinstance(dataset, IterableDataset):
        if dataset is None or not len(dataset):
            return None
        fetcher = Fetcher(dataset, list, seed=0, split="train")
        with kept_generators():  # the first sample may be augmented
            return fetcher[Request(epoch=1, window=0, part=0, indices=[0], draws=[0])][0]
    # Looking must not be the first step of the training: what goes on by its state is put back.
    state_of = getattr(dataset, "state_dict", None)
    put_back = getattr(dataset, "load_state_dict", None)
    state = copy.deepcopy(state_of()) if callable(state_of) and callable(put_back) else None
    with kept_generators():
        first = next(iter(dataset), None)
    if state is not None and callable(put_back):
        put_back(state)
    return first


def _from_sample(sample: Any, classes: Any) -> Mapping[str, Any]:
    if not isinstance(sample, Sequence) or isinstance(sample, str) or len(sample) != 2:
        return {}
    inputs, target = (_as_tensor(part) for part in sample)
    facts: dict[str, Any] = {}
    if inputs is not None:
        facts["input_shape"] = list(inputs.shape)
        facts["input_dtype"] = str(inputs.dtype).removeprefix("torch.")
    if target is None:
        return facts
    if target.is_floating_point():
        return facts | {"target_kind": "numbers", "output_shape": list(target.shape) or [1]}
    facts["target_kind"] = "classes"
    if isinstance(classes, Sequence):
        facts["output_shape"] = [len(classes), *target.shape]
    return facts


def _as_tensor(value: Any) -> Tensor | None:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (int, float, np.ndarray, np.generic)):
        return torch.as_tensor(value)
    return None
