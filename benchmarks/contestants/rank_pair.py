"""A pair of ranks: the worker is rank 0 and starts rank 1; the frame hears rank 0 only."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import Any

import torch
import torch.distributed as dist

from benchmarks.line import Line, Rounds

RANKS = 2


class RankPair(Rounds):
    """One of two processes of the same module, told apart by the variables that torchrun sets.

    Attributes:
        rank: which of them this is.
        arguments: what the frame handed over.
    """

    def __init__(self) -> None:
        self._other: subprocess.Popen[bytes] | None = None
        if "RANK" not in os.environ:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            os.environ |= {
                "RANK": "0",
                "LOCAL_RANK": "0",
                "WORLD_SIZE": str(RANKS),
                "LOCAL_WORLD_SIZE": str(RANKS),
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": str(port),
                "GLOO_SOCKET_IFNAME": "lo0" if sys.platform == "darwin" else "lo",
            }
            module: Any = sys.modules["__main__"].__spec__
            self._other = subprocess.Popen(
                [sys.executable, "-m", module.name, sys.argv[1]],
                env=os.environ | {"RANK": "1", "LOCAL_RANK": "1"},
                stdin=subprocess.DEVNULL,
                stdout=2,
            )
        self.rank = int(os.environ["RANK"])
        self._line = Line() if self.rank == 0 else None
        self.arguments: dict[str, Any] = json.loads(sys.argv[1])

    def wait(self) -> bool:
        """Until the frame asks for the next round; both ranks begin it together."""
        goes_on = torch.zeros(1)
        if self._line is not None:
            goes_on.fill_(float(self._line.wait()))
        dist.broadcast(goes_on, 0)
        return bool(goes_on)

    def answer(self, seconds: float) -> None:
        """Give the seconds of rank 0."""
        if self._line is not None:
            self._line.answer(seconds)

    def close(self) -> None:
        """Wait for rank 1 to end."""
        if self._other is not None:
            self._other.wait()
