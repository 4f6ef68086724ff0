"""How the status of a run is painted on a terminal."""

from __future__ import annotations

from stride.store.row import UNREADABLE

STYLES = {
    "created": "blue",
    "running": "cyan",
    "completed": "green",
    "stopped": "yellow",
    "failed": "red",
    "crashed": "red",
    "stalled": "yellow",
    "unknown": "magenta",
    UNREADABLE: "red",
}
"""How a status is painted."""
