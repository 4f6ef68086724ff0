"""Process group: how a rank joins the others, and how all part again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import torch
import torch.distributed as dist
from torch._C._distributed_c10d import PrefixStore, Store, TCPStore

from stride.errors import ConfigError, RankFailedError, StoppedError
from stride.training.ranks.environment import RankPlace
from stride.training.ranks.failure import described
from stride.training.ranks.group_ranks import GroupRanks
from stride.training.ranks.launcher_line import find_line
from stride.training.ranks.loopback import inside_machine
from stride.training.ranks.ranks import ONE, Ranks
from stride.training.ranks.switchboard import open_lines
from stride.training.ranks.watch import Watch

PATIENCE = 1800.0
MEETING_SECONDS = 300.0
_STOPPED_TOGETHER = 10.0  # seconds in which all must stop where one was asked to
_NETWORK_MORE = 60.0  # torch's own patience is longer, as it cannot say who is late
_LINE_KEY = "stride/lines"


@contextlib.contextmanager
def join(
    place: RankPlace,
    device: torch.device,
    *,
    patience: float = PATIENCE,
    meeting_seconds: float = MEETING_SECONDS,
) -> Iterator[Ranks]:
    """Be one of several ranks: gloo for what is on the CPU, nccl for what is on GPUs.

    An error that leaves the block is said to all other ranks, which end within 10 seconds: their
    meetings raise a `RankFailedError`, and who does not leave the block then is ended. Without an
    error, and where all were asked to stop, the ranks meet before the group is destroyed.

    Args:
        place: where the launcher put this process.
        device: where this rank computes, as in `cuda:1`.
        patience: seconds that the others wait in a meeting for a rank before it counts as failed.
        meeting_seconds: how long to wait for all to start.

    Raises:
        ConfigError: rank 0 cannot listen at its port.
        RankFailedError: the ranks did not find each other, or another one failed first.
    """
    if place.world_size == 1:
        yield ONE
        return
    store = _meet(place, meeting_seconds)
    lines = open_lines(
        place,
        say=lambda text: store.set(_LINE_KEY, text),
        hear=lambda: store.get(_LINE_KEY).decode(),
        seconds=meeting_seconds,
    )
    watch = Watch(place.rank, lines, patience=patience, launcher=find_line())
    ranks = GroupRanks(place, watch)
    try:
        _begin_group(place, device, store, patience + _NETWORK_MORE)
        yield ranks
        _finish(watch)
    except RankFailedError:
        raise
    except (StoppedError, KeyboardInterrupt) as error:
        if not watch.finish(_STOPPED_TOGETHER):
            watch.publish(described(error))  # nobody hears it if another failed before
        cause = ranks.cause(error)
        if cause is error:
            raise
        raise cause from error
    except BaseException as error:
        cause = ranks.cause(error)
        if cause is error:
            watch.publish(described(error))
            raise
        raise cause from error
    finally:
        well = watch.failure is None
        watch.close()
        _end_group(well)


def _finish(watch: Watch) -> None:
    """Meet all others at the end of a training that went well."""
    if not watch.finish(None):
        failure = watch.failure
        assert failure is not None  # there is nothing else that ends the wait
        raise failure.error()


def _meet(place: RankPlace, seconds: float) -> Store:
    """The place where ranks leave addresses for each other; rank 0 has it unless the launcher."""
    at = f"{place.address}:{place.port}"
    keeps = place.rank == 0 and not place.meeting_is_kept
    try:
        store = TCPStore(
            place.address,
            place.port,
            place.world_size,
            is_master=keeps,
            timeout=timedelta(seconds=seconds),
            wait_for_workers=not place.meeting_is_kept,
        )
    except RuntimeError as error:
        why = str(error).partition("\n")[0]
        if keeps and "listen" in why.lower():
            raise ConfigError(
                f"rank 0 cannot listen at {at}, choose another port: {why}"
            ) from error
        raise RankFailedError(
            f"the {place.world_size} ranks did not meet at {at} within {seconds:.0f} seconds: {why}"
        ) from error
    return PrefixStore(f"start-{place.start}", store)


def _begin_group(place: RankPlace, device: torch.device, store: Store, seconds: float) -> None:
    """Make the default process group."""
    on_gpu = device.type == "cuda"
    if on_gpu:
        torch.cuda.set_device(device)
    with inside_machine(place.nodes):
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if on_gpu else "gloo",
            store=store,
            rank=place.rank,
            world_size=place.world_size,
            timeout=timedelta(seconds=seconds),
            device_id=device if on_gpu else None,
        )


def _end_group(well: bool) -> None:
    """Destroy the process group; without waiting for anybody, where a rank failed."""
    if not dist.is_initialized():
        return
    if well:
        dist.destroy_process_group()
    else:
        dist.distributed_c10d._abort_process_group()
