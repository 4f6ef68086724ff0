"""A part of the runs that the index reads only when it is asked for."""

from __future__ import annotations

from enum import StrEnum


class Part(StrEnum):
    """Files beyond run.json, config.json and labels.json, and the columns that come from them."""

    TABLES = "tables"
    """logs/metrics.csv: `min.<name>` and `max.<name>` over its rows."""
    RESULTS = "results"
    """results/metrics.json: `test.<name>`, with the names of the file."""
