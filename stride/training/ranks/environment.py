"""Rank place: where a launcher put this process among those that train together."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from stride.errors import ConfigError

LAUNCHED_BY = "STRIDE_LAUNCHED_BY"
"""The variable in which a launcher that speaks torchrun's language says its own name."""

_TORCHRUN = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
_SLURM = ("SLURM_PROCID", "SLURM_LOCALID", "SLURM_JOB_ID")
_LAUNCHERS = ("torchrun", "slurm")
_FIRST_PORT = 10_000
_PORTS = 20_000  # below those that Linux gives to whoever asks for any port


@dataclass(frozen=True)
class RankPlace:
    """One process among several.

    Attributes:
        rank: which of all it is, from 0.
        world_size: how many there are.
        local_rank: which of those on this machine it is, from 0.
        nodes: how many machines there are.
        address: the machine of rank 0, as the others reach it.
        port: where the ranks first meet there.
        launcher: who said so: `torchrun`, `slurm`, or the name in `STRIDE_LAUNCHED_BY`.
        meeting_is_kept: whether the launcher itself listens at the port; else rank 0 does.
        start: how often the launcher started the ranks again.
    """

    rank: int
    world_size: int
    local_rank: int
    nodes: int
    address: str
    port: int
    launcher: str
    meeting_is_kept: bool = False
    start: int = 0

    def __str__(self) -> str:
        """As in `rank 1 of 4 on 2 nodes, started by slurm`."""
        nodes = "1 node" if self.nodes == 1 else f"{self.nodes} nodes"
        return f"rank {self.rank} of {self.world_size} on {nodes}, started by {self.launcher}"


def find_ranks(environ: Mapping[str, str], launcher: str | None = None) -> RankPlace | None:
    """The place of this process; None where it trains alone.

    What torchrun sets is found by itself. What SLURM sets is looked at only if asked for, as a
    job has these variables also where one process in it trains alone.

    Args:
        environ: the variables of the process.
        launcher: `torchrun` or `slurm`: who must have started it.

    Raises:
        ConfigError: variables are missing or make no sense, or SLURM started several tasks and
            none of them was told that they belong together.
    """
    if launcher is not None and launcher not in _LAUNCHERS:
        raise ConfigError(f"there is no launcher {launcher!r}: it is one of torchrun, slurm")
    if launcher == "slurm":
        return _by_slurm(environ)
    if launcher == "torchrun" or {"RANK", "WORLD_SIZE"} <= environ.keys():
        return _by_torchrun(environ)
    tasks = _tasks_of_step(environ)
    if tasks > 1:
        raise ConfigError(
            f"SLURM started {tasks} tasks, and each would train a run of its own: say "
            "--launcher slurm if they train one model together, or start one task"
        )
    return None


def first_host(nodes: str) -> str:
    """The first name in a list of SLURM, as `node03` of `node[03-07,12],login`."""
    first = re.match(r"(?:[^,\[]|\[[^\]]*\])*", nodes)
    name = first.group() if first else nodes
    return re.sub(r"\[([^\],-]*)[^\]]*\]", r"\1", name)


def _by_torchrun(environ: Mapping[str, str]) -> RankPlace:
    """What torchrun says, or whoever sets the same variables."""
    _check_there(environ, _TORCHRUN, "torchrun")
    world_size = _number(environ, "WORLD_SIZE")
    local_world_size = _number(environ, "LOCAL_WORLD_SIZE", default=world_size)
    nodes = _number(environ, "GROUP_WORLD_SIZE", default=-(-world_size // max(local_world_size, 1)))
    return _checked(
        RankPlace(
            rank=_number(environ, "RANK"),
            world_size=world_size,
            local_rank=_number(environ, "LOCAL_RANK"),
            nodes=nodes,
            address=environ["MASTER_ADDR"],
            port=_number(environ, "MASTER_PORT"),
            launcher=environ.get(LAUNCHED_BY, "torchrun"),
            meeting_is_kept=environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True",
            start=_number(environ, "TORCHELASTIC_RESTART_COUNT", default=0),
        )
    )


def _by_slurm(environ: Mapping[str, str]) -> RankPlace:
    """What `srun` says to each of its tasks; MASTER_ADDR and MASTER_PORT say it better."""
    _check_there(environ, _SLURM, "srun")
    step = f"{environ['SLURM_JOB_ID']}.{environ.get('SLURM_STEP_ID', '0')}"
    hosts = environ.get("SLURM_STEP_NODELIST") or environ.get("SLURM_NODELIST", "localhost")
    nodes = _number(
        environ, "SLURM_STEP_NUM_NODES", default=_number(environ, "SLURM_NNODES", default=1)
    )
    port = _FIRST_PORT + zlib.crc32(step.encode()) % _PORTS
    return _checked(
        RankPlace(
            rank=_number(environ, "SLURM_PROCID"),
            world_size=_number(
                environ, "SLURM_STEP_NUM_TASKS", default=_number(environ, "SLURM_NTASKS", default=1)
            ),
            local_rank=_number(environ, "SLURM_LOCALID"),
            nodes=nodes,
            address=environ.get("MASTER_ADDR") or first_host(hosts),
            port=_number(environ, "MASTER_PORT", default=port),
            launcher="slurm",
            start=_number(environ, "SLURM_RESTART_COUNT", default=0),
        )
    )


def _tasks_of_step(environ: Mapping[str, str]) -> int:
    """How many tasks `srun` started beside this; 0 outside of it, as in the job script itself."""
    if not {"SLURM_PROCID", "SLURM_STEP_ID"} <= environ.keys():
        return 0
    return _number(
        environ, "SLURM_STEP_NUM_TASKS", default=_number(environ, "SLURM_NTASKS", default=1)
    )


def _check_there(environ: Mapping[str, str], names: tuple[str, ...], setter: str) -> None:
    missing = [name for name in names if not environ.get(name)]
    if missing:
        raise ConfigError(
            f"{setter} sets {', '.join(names)}, but here {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not set: start the training with {setter}"
        )


def _number(environ: Mapping[str, str], name: str, *, default: int | None = None) -> int:
    text = environ.get(name, "")
    if not text and default is not None:
        return default
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"{name} is {text!r} in the environment, not a number") from None


def _checked(place: RankPlace) -> RankPlace:
    """The place, if there is such a one."""
    if place.world_size < 1 or not 0 <= place.rank < place.world_size:
        raise ConfigError(
            f"the environment says that this is rank {place.rank} of {place.world_size}: "
            "ranks count from 0, below their number"
        )
    if not 0 <= place.local_rank < place.world_size:
        raise ConfigError(
            f"the environment says that this is rank {place.local_rank} of its machine, "
            f"where there are {place.world_size} in all"
        )
    if not 0 < place.port < 2**16:
        raise ConfigError(f"port {place.port}, where the ranks are to meet, is no port")
    return place
