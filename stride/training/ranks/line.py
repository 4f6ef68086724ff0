"""Line: a connection between two ranks that says at once when one of the two is gone."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import weakref
from typing import Any, Final

from stride.training.ranks.message import decode, encode

_SIZE_BYTES = 4
_READ_BYTES = 65_536
_PATIENCE = 2.0  # seconds that a message may take to be sent; they are short
_KEEPALIVE = (  # a machine that is gone without a word is missed within about a minute
    ("TCP_KEEPIDLE", 20),
    ("TCP_KEEPINTVL", 10),
    ("TCP_KEEPCNT", 4),
    ("TCP_USER_TIMEOUT", 60_000),
)


class Line:
    """The connection to one other rank; messages are lists of values.

    The kernel closes it when the process at the other end ends, however that ends.

    Args:
        connected: the socket, owned by the line from now on.
        rank: who is at the other end.
        host: the machine there.
    """

    def __init__(self, connected: socket.socket, *, rank: int, host: str) -> None:
        self.rank: Final = rank
        self.host: Final = host
        self._socket = connected
        self._unread = bytearray()
        self._sending = threading.Lock()
        connected.settimeout(_PATIENCE)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE:
            option = getattr(socket, name, None)  # macOS does not have all of them
            if option is not None:
                connected.setsockopt(socket.IPPROTO_TCP, option, value)
        _open_lines.add(self)

    def fileno(self) -> int:
        """The descriptor, for a selector."""
        return self._socket.fileno()

    def send(self, *message: Any) -> None:
        """Send a message; nothing happens where the other end is gone, as reading will tell."""
        data = encode(message)
        with self._sending, contextlib.suppress(OSError):
            self._socket.sendall(len(data).to_bytes(_SIZE_BYTES) + data)

    def receive(self) -> list[list[Any]] | None:
        """The messages that have come, perhaps none yet; None where no more will come."""
        try:
            data = self._socket.recv(_READ_BYTES)
        except TimeoutError:
            return []
        except OSError:
            return None
        if not data:
            return None
        self._unread += data
        messages = []
        while len(self._unread) >= _SIZE_BYTES:
            end = _SIZE_BYTES + int.from_bytes(self._unread[:_SIZE_BYTES])
            if len(self._unread) < end:
                break
            messages.append(decode(bytes(self._unread[_SIZE_BYTES:end])))
            del self._unread[:end]
        return messages

    def close(self) -> None:
        """Hang up; what was sent still arrives."""
        self._socket.close()


_open_lines: weakref.WeakSet[Line] = weakref.WeakSet()


def _close_in_child() -> None:
    """Leave the lines to the parent: a worker that held them would hide that its parent died."""
    for line in list(_open_lines):
        line.close()


os.register_at_fork(after_in_child=_close_in_child)
