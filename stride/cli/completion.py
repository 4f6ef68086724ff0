"""Shell completion of runs and config keys."""

from __future__ import annotations


def complete_run(incomplete: str) -> list[str]:
    """Runs of the experiment that was typed so far."""
    return []


def complete_key(incomplete: str) -> list[str]:
    """Config keys."""
    return []
