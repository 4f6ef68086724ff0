"""What ranks, and batches that are cut up, ask of a training: said before a run is claimed."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from torch import nn

from stride.config.fit_kwargs import FitKwargs
from stride.errors import ConfigError
from stride.training.batches.protocol import Batches
from stride.training.ranks.ranks import Ranks

_logger = logging.getLogger(__name__)


def check_among_ranks(fit: FitKwargs, modules: Iterable[nn.Module], ranks: Ranks) -> None:
    """Whether ranks can do together what is asked for.

    Raises:
        ConfigError: they cannot.
    """
    if ranks.world_size == 1:
        return
    if fit.on_out_of_memory == "split":
        raise ConfigError(
            "fit_kwargs.on_out_of_memory=split is for one process, as a rank cannot repeat a step"
            " alone; set it to stop, and fit_kwargs.accumulate to what fits"
        )
    for part in (part for module in modules for part in module.modules()):
        if isinstance(part, nn.Embedding | nn.EmbeddingBag) and part.sparse:
            raise ConfigError(
                f"{type(part).__name__} has sparse gradients, which ranks cannot add up: build it"
                " with sparse=False"
            )


def check_shares(batches: Batches, ranks: Ranks) -> None:
    """Whether every window has a sample for every rank.

    Raises:
        ConfigError: one has not.
    """
    size, samples = batches.batch_size, batches.samples
    short = samples % size if len(batches) * size > samples else size
    if min(size, short) < ranks.world_size:
        fewest = min(size, short)
        raise ConfigError(
            f"the last batch of an epoch would have {fewest} sample{'s' * (fewest > 1)} for"
            f" {ranks.world_size} ranks: set"
            " load_data_kwargs.train_loader_kwargs.drop_last=true or another batch_size"
        )


def check_batch_norm(model: nn.Module, batches: Batches, accumulate: int, ranks: Ranks) -> None:
    """Whether every micro-batch gives batch norm over features something to take a spread of.

    Raises:
        ConfigError: one has one sample; torch would refuse it in the middle of the epoch.
    """
    normalises = any(isinstance(part, nn.BatchNorm1d) for part in model.modules())
    any_norm = normalises or any(
        isinstance(part, nn.BatchNorm2d | nn.BatchNorm3d) for part in model.modules()
    )
    parts = accumulate * ranks.world_size
    if parts > 1 and any_norm and ranks.is_first:
        _logger.warning(
            "the model has batch norm, which takes its statistics from each of the %d parts of a"
            " batch by itself: into how many it is cut changes what is computed",
            parts,
        )
    size, samples = batches.batch_size, batches.samples
    short = samples % size if len(batches) * size > samples else 0
    micro = -(-size // ranks.world_size)
    micro = -(-micro // accumulate)
    # Of a window that does not go up in the ranks, some have a sample more than others.
    shares = {
        share
        for window in (size, short)
        for share in (window // ranks.world_size, -(-window // ranks.world_size))
    }
    alone = [share for share in shares if share and (micro == 1 or share % micro == 1)]
    if alone and normalises:
        raise ConfigError(
            f"the last batch of an epoch would have 1 sample ({samples} in batches of {size}"
            + (f", cut into {parts}" if parts > 1 else "")
            + "), and the model has batch norm, which needs 2: set"
            " load_data_kwargs.train_loader_kwargs.drop_last=true or another batch_size"
        )
