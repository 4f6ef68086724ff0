"""Process group: what ranks that have met compute over, on the CPU and on GPUs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import torch
import torch.distributed as dist

from stride.training.ranks.environment import RankPlace
from stride.training.ranks.group_ranks import GroupRanks
from stride.training.ranks.loopback import inside_machine
from stride.training.ranks.ranks import ONE, Ranks
from stride.training.ranks.rendezvous import MEETING_SECONDS, PATIENCE, Rendezvous, meet

_NETWORK_MORE = 60.0  # torch's own patience is longer, as it cannot say who is late


@contextlib.contextmanager
def join(
    place: RankPlace,
    device: torch.device,
    *,
    patience: float = PATIENCE,
    meeting_seconds: float = MEETING_SECONDS,
) -> Iterator[Ranks]:
    """Meet the others and compute with them: `meet` and `begin_group` in one.

    Args:
        place: where the launcher put this process; one rank alone meets nobody.
        device: where this rank computes, as in `cuda:1`.
        patience, meeting_seconds: as in `meet`.

    Raises:
        ConfigError, RankFailedError: as `meet`.
    """
    if place.world_size == 1:
        yield ONE
        return
    with meet(place, patience=patience, meeting_seconds=meeting_seconds) as met:
        yield begin_group(met, device)


def begin_group(met: Rendezvous, device: torch.device) -> Ranks:
    """Make the default process group, which is destroyed when the ranks part: gloo for what is on
    the CPU, nccl for what is on GPUs.

    Args:
        device: where this rank computes, as in `cuda:1`.
    """
    place = met.place
    on_gpu = device.type == "cuda"
    if on_gpu:
        torch.cuda.set_device(device)
    met.afterwards = _end_group
    with inside_machine(place.nodes):
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if on_gpu else "gloo",
            store=met.store,
            rank=place.rank,
            world_size=place.world_size,
            timeout=timedelta(seconds=met.patience + _NETWORK_MORE),
            device_id=device if on_gpu else None,
        )
    return GroupRanks(place, met.watch)


def _end_group(well: bool) -> None:
    """Destroy the process group; without waiting for anybody, where a rank failed."""
    if not dist.is_initialized():
        return
    if well:
        dist.destroy_process_group()
    else:
        dist.distributed_c10d._abort_process_group()
