"""The data of a training: the data sets of a config, their batches, and what they say about
themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from stride.config.loader_kwargs import LoaderKwargs, TrainLoaderKwargs
from stride.config.schema import Config
from stride.errors import ConfigError, DataError
from stride.training.batches.build import build_batches
from stride.training.batches.given_batches import GivenBatches
from stride.training.batches.protocol import Batches
from stride.training.batches.share import Share
from stride.training.datasets.splits import SPLITS
from stride.training.facts import read_facts
from stride.training.given import Given
from stride.training.ranks.ranks import ONE, Ranks
from stride.training.seeding import derive, own_randomness
from stride.training.things import build_thing


@dataclass(frozen=True)
class Data:
    """The splits of a config, those that there are.

    Attributes:
        batches: by split.
        facts: `input_shape`, `output_shape`, `target_kind`; None where the data does not say.
        fingerprints: digests of the content by split, of the data sets that give one.
    """

    batches: Mapping[str, Batches]
    facts: Mapping[str, Any] = field(default_factory=dict)
    fingerprints: Mapping[str, str] = field(default_factory=dict)


def load_data(config: Config, given: Given, device: torch.device, ranks: Ranks = ONE) -> Data:
    """Build the data sets of all splits and their loaders.

    Args:
        ranks: each of several is given its share: of each window in training, of the batches in an
            evaluation.

    Raises:
        DataError: a file is missing, a split is empty, there is nothing to train on.
        ConfigError, CodeReferenceError: the data set cannot be built.
    """
    datasets: dict[str, Dataset[Any]] = {}
    batches: dict[str, Batches] = {}
    for split in SPLITS:
        dataset, found = load_split(config, given, split, device, ranks=ranks)
        if dataset is not None:
            datasets[split] = dataset
        if found is not None:
            batches[split] = found
    if "train" not in batches:
        raise DataError("there is no train split: there is nothing to train on")
    prints = {split: fingerprint_of(dataset) for split, dataset in datasets.items()}
    _check_same(batches, prints, ranks)
    with own_randomness(derive(config.seed, "facts")):  # the first sample may be augmented
        facts = read_facts(datasets.get("train"))
    return Data(batches, facts, {split: text for split, text in prints.items() if text is not None})


def _check_same(
    batches: Mapping[str, Batches], fingerprints: Mapping[str, str | None], ranks: Ranks
) -> None:
    """Whether all ranks have the same data, as far as is known.

    Raises:
        DataError: one has other data than the first.
    """
    counts = {split: each.samples for split, each in batches.items()}
    first, *others = ranks.gather([counts, dict(fingerprints)])
    for rank, other in enumerate(others, start=1):
        for split in dict.fromkeys([*first[0], *other[0]]):
            here, there = other[0].get(split, 0), first[0].get(split, 0)
            if here != there:
                raise DataError(
                    f"rank {rank} has {here} samples of {split} and rank 0 has {there}: all ranks"
                    " must be given the same data"
                )
            if other[1].get(split) != first[1].get(split):
                raise DataError(
                    f"the {split} data of rank {rank} is not that of rank 0: all ranks must be"
                    " given the same data"
                )


def data_settings(config: Config) -> tuple[Any, ...]:
    """The settings that data and loaders depend on."""
    return config.dataset_kwargs, config.load_data_kwargs, config.seed, config.device


def load_split(
    config: Config,
    given: Given,
    split: str,
    device: torch.device,
    *,
    code: Path | None = None,
    ranks: Ranks = ONE,
) -> tuple[Dataset[Any] | None, Batches | None]:
    """The data set of one split and its batches; None where there is no such split.

    Args:
        code: a folder to take the user's own code from, instead of where it was.
        ranks: each of several is given its share.

    Raises:
        DataError: the data cannot be read, or is empty.
        ConfigError, CodeReferenceError: the data set cannot be built.
    """
    if given.loaders:
        loader = given.loaders.get(split)
        if loader is None:
            return None, None
        if ranks.world_size > 1:
            raise ConfigError(
                "a loader that is handed over cannot be shared among ranks; hand over its data set"
            )
        dataset = loader.dataset if isinstance(loader, DataLoader) else None
        return dataset, GivenBatches(loader, seed=config.seed, split=split, device=device)
    if given.datasets:
        dataset = given.datasets.get(split)
    else:
        with own_randomness(derive(config.seed, "data")):
            dataset, _ = build_thing("dataset", config.dataset_kwargs, {}, code=code, split=split)
    if dataset is None:
        return None, None
    loaders = config.load_data_kwargs
    settings: TrainLoaderKwargs | LoaderKwargs = loaders.train_loader_kwargs
    if split != "train":
        settings = loaders.val_loader_kwargs if split == "val" else loaders.test_loader_kwargs
    share = Share(ranks.rank, ranks.world_size, dealt=split != "train")
    return dataset, build_batches(
        dataset, settings, split=split, seed=config.seed, device=device, code=code, share=share
    )


def fingerprint_of(dataset: object) -> str | None:
    """The digest that a data set gives of its content; it is optional in what others write."""
    method = getattr(dataset, "fingerprint", None)
    return str(method()) if callable(method) else None
