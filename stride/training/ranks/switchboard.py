"""Switchboard: how the lines between rank 0 and each other rank are opened."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable

from stride.errors import RankFailedError
from stride.training.ranks.environment import RankPlace
from stride.training.ranks.line import Line

_HELLO_SECONDS = 5.0
_HELLO_BYTES = 256
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def open_lines(
    place: RankPlace, *, say: Callable[[str], None], hear: Callable[[], str], seconds: float
) -> list[Line]:
    """Connect rank 0 with each other rank.

    Args:
        place: which of them this process is.
        say: makes a text known to all other ranks; called by rank 0 only.
        hear: waits for that text; called by all others.
        seconds: how long to wait for them.

    Returns:
        On rank 0 a line to each other rank, in their order; elsewhere the one to rank 0.

    Raises:
        RankFailedError: not all of them came.
    """
    if place.rank == 0:
        return _listen(place, say, time.monotonic() + seconds)
    port, key, host = hear().split(" ", 2)
    hello = f"{key} {place.rank} {socket.gethostname()}".encode()[:_HELLO_BYTES]
    try:
        connected = socket.create_connection((place.address, int(port)), timeout=seconds)
        connected.sendall(hello.ljust(_HELLO_BYTES))
    except OSError as error:
        raise RankFailedError(
            f"rank {place.rank} cannot reach rank 0 on {host} at {place.address}:{port}: {error}; "
            "the machines must reach each other at any port"
        ) from error
    return [Line(connected, rank=0, host=host)]


def _listen(place: RankPlace, say: Callable[[str], None], until: float) -> list[Line]:
    """Wait for the line of each other rank."""
    key = secrets.token_hex(16)  # a stranger at the port does not know it
    lines: dict[int, Line] = {}
    with _listener(place) as listener:
        say(f"{listener.getsockname()[1]} {key} {socket.gethostname()}")
        while len(lines) < place.world_size - 1:
            listener.settimeout(max(until - time.monotonic(), 0.001))
            try:
                connected, _ = listener.accept()
            except TimeoutError:
                missing = sorted(set(range(1, place.world_size)) - lines.keys())
                raise RankFailedError(
                    f"of the {place.world_size} ranks, {missing} did not come in time to rank 0 "
                    f"on {socket.gethostname()}"
                ) from None
            line = _greeted(connected, key)
            if line is not None:
                lines[line.rank] = line
    return [lines[rank] for rank in sorted(lines)]


def _listener(place: RankPlace) -> socket.socket:
    """A socket at any free port, reachable from the other ranks' machines and no further."""
    if place.address in _LOOPBACK:
        return socket.create_server((place.address, 0), family=_family(place.address))
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", 0))


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _greeted(connected: socket.socket, key: str) -> Line | None:
    """The line of a rank that says who it is; None where somebody else came to the port."""
    connected.settimeout(_HELLO_SECONDS)
    data = b""
    try:
        while len(data) < _HELLO_BYTES:
            piece = connected.recv(_HELLO_BYTES - len(data))
            if not piece:
                break
            data += piece
    except OSError:
        data = b""
    said, _, rest = data.decode(errors="replace").partition(" ")
    if not secrets.compare_digest(said.encode(), key.encode()):
        connected.close()
        return None
    rank, host = rest.split(" ", 1)
    return Line(connected, rank=int(rank), host=host.rstrip())
