"""The line between a rank and the launcher that started it: each hears when the other has ended.

One socket for each rank, with a JSON document a line. The rank says which run it trains; the
launcher says that another rank ended badly; and the end of the line is the end of who held it.
"""

from __future__ import annotations

import functools
import json
import os
import select
import socket
import threading
from typing import Any

VARIABLE = "STRIDE_LAUNCHER"
"""Environment variable: the socket, and 1 for a rehearsal, else 0."""

_GONE = "the launcher of the ranks has ended"


class LauncherLine:
    """The rank's end of the line.

    Attributes:
        rehearsal: whether this process is to play a preemption.
    """

    def __init__(self, descriptor: int, *, rehearsal: bool) -> None:
        self.rehearsal = rehearsal
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(False)
        os.set_inheritable(descriptor, False)  # a child of ours is no rank
        self._heard = b""
        self._failure: str | None = None
        self._guard = threading.Lock()

    def tell_run(self, address: str) -> None:
        """Say which run is trained, so that the launcher can go on with it."""
        try:
            self._socket.sendall(encode({"run": address}))
        except OSError:
            return  # it is gone, and `failure` says so

    def failure(self, wait: float) -> str | None:
        """The sentence of what ended this training elsewhere; None while nothing has.

        Args:
            wait: seconds to wait for one at most.
        """
        with self._guard:
            if self._failure is None and select.select([self._socket], [], [], wait)[0]:
                self._failure = self._read()
            return self._failure

    def _read(self) -> str | None:
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return None
        except OSError:
            return _GONE
        if not data:
            return _GONE
        messages, self._heard = decode(self._heard + data)
        return next((each["failure"] for each in messages if "failure" in each), None)


def encode(message: dict[str, Any]) -> bytes:
    """A message as it goes over the line."""
    return json.dumps(message).encode() + b"\n"


def decode(data: bytes) -> tuple[list[dict[str, Any]], bytes]:
    """The messages that are whole, and what is left over."""
    *lines, rest = data.split(b"\n")
    return [json.loads(line) for line in lines], rest


@functools.cache
def find_line() -> LauncherLine | None:
    """The line of this process; None where it was not started by a launcher of ours.

    The variable is taken out of the environment, and means nothing to any other process that
    inherits it.
    """
    words = os.environ.pop(VARIABLE, "").split()
    if not words:
        return None
    descriptor, rehearsal = map(int, words)
    return LauncherLine(descriptor, rehearsal=bool(rehearsal))
