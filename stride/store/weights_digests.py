"""The digests of weights in run.json: of a file as it is, and of what it was before its writing.

The digest of a file is recorded before the file is replaced, with the one before beside it:
whenever the process dies, the file is one of the two.
"""

from __future__ import annotations

from collections.abc import Mapping

BEFORE = ".before"
"""Follows the name of a file whose digest before the last writing is kept."""


def recorded_digests(digests: Mapping[str, str], name: str) -> list[str]:
    """The digests that a file of weights may have: the newest first."""
    return [digests[key] for key in (name, name + BEFORE) if key in digests]


def recorded_files(digests: Mapping[str, str]) -> list[str]:
    """The names of the files that have a digest."""
    return [name for name in digests if not name.endswith(BEFORE)]
