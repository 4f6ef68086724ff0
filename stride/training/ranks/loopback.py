"""The loopback: over which ranks that are all on one machine talk to each other."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def inside_machine(nodes: int) -> Iterator[None]:
    """Have groups of gloo that are made inside talk inside the machine, where there is only one.

    Otherwise they take the address of the machine's name, which many a laptop cannot reach.

    Args:
        nodes: machines that the ranks are on.
    """
    name = "GLOO_SOCKET_IFNAME"
    if nodes > 1 or name in os.environ:
        yield
        return
    os.environ[name] = "lo0" if sys.platform == "darwin" else "lo"
    try:
        yield
    finally:
        del os.environ[name]
