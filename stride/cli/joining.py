"""Joining: how a training called from the command line becomes one of several ranks."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stride.cli import answer
from stride.cli.plan import Plan
from stride.errors import ConfigError
from stride.training.ranks.environment import RankPlace

if TYPE_CHECKING:
    from stride.training.ranks.ranks import Ranks


def is_first(place: RankPlace | None) -> bool:
    """Whether this process is the one that answers."""
    return place is None or place.rank == 0


def announce_ranks(place: RankPlace | None) -> None:
    """Say what was found, before the ranks wait for each other."""
    if place is not None and place.rank == 0:
        ranks = "1 rank" if place.world_size == 1 else f"{place.world_size} ranks"
        nodes = "1 node" if place.nodes == 1 else f"{place.nodes} nodes"
        answer.note(f"{ranks} on {nodes}, started by {place.launcher}")


@contextlib.contextmanager
def joined(place: RankPlace | None, plan: Plan) -> Iterator[Ranks]:
    """Be one of the ranks inside. Each has planned for itself before: nothing is claimed until all
    have met, so that no rank sees what another has made.

    Raises:
        ConfigError: the ranks would not train the same.
        RankFailedError: they do not meet, or another one failed.
    """
    # Deferred, as these import torch.
    from stride.training.device import choose_device
    from stride.training.ranks.process_group import join
    from stride.training.ranks.ranks import ONE

    if place is None:
        yield ONE
        return
    device = choose_device(plan.config.device, local_rank=place.local_rank)
    with join(place, device) as ranks:
        _check_same(plan, ranks)
        yield ranks


def _check_same(plan: Plan, ranks: Ranks) -> None:
    beginning = plan.beginning
    run = None if beginning.run is None else beginning.run.name
    told = (plan.config.to_json(), beginning.relation, run, dict(beginning.settings))
    digest = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
    others = [rank for rank, said in enumerate(ranks.gather(digest)) if said != digest]
    if others and ranks.is_first:
        raise ConfigError(
            f"rank {', '.join(map(str, others))} was started with another config than rank 0: start"
            " all with the same command, in the same folder, with the same files"
        )
    ranks.barrier()
