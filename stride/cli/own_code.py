"""Code of the user's own that a run names: loading the run imports it, so it is named first."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from stride.cli import answer
from stride.cli.text import harmless
from stride.config.differences import flatten
from stride.errors import UsageError
from stride.store.run import Run

HANDED_OVER = "object:"
"""Begins the name of what was handed over in Python; nothing is imported for it."""


def own_code_of(config: dict[str, Any], groups: Collection[str]) -> dict[str, str]:
    """References in some groups of a config, by key: what loading those things imports."""
    return {
        key: value
        for key, value in flatten(config).items()
        if key.partition(".")[0] in groups and _is_reference(key, value)
    }


def _is_reference(key: str, value: Any) -> bool:
    named = key.endswith("_name") and isinstance(value, str)
    return named and ":" in value and not value.startswith(HANDED_OVER)


def announce(run: Run, references: dict[str, str], *, trust: bool, code: Path | None) -> None:
    """Name the code that will be imported, on standard error.

    Raises:
        UsageError: the run was imported or belongs to another user, and `trust` is not given.
    """
    if not references:
        return
    where = "" if code is None else f" from {code}"
    listed = ", ".join(f"{harmless(value)}{where}" for value in dict.fromkeys(references.values()))
    if os.path.lexists(run.import_path) and not trust:
        raise UsageError(
            f"{run.address} was imported, and loading it runs code that it names: {listed}; add "
            "--trust if you trust whoever made it"
        )
    owner = _other_owner(run)
    if owner is not None and not trust:
        raise UsageError(
            f"{run.address} belongs to the user {owner}, and loading it runs code that it names: "
            f"{listed}; add --trust if you trust it"
        )
    answer.note(f"importing {listed}")


def _other_owner(run: Run) -> str | None:
    """Another user who can say what the run names; None where there is none, on Windows always.

    The owner of the folder can put another file in it, the owner of a file can change it.
    """
    if sys.platform == "win32":
        return None
    import pwd  # deferred: Windows has no such module

    paths = (run.path, run.config_path, run.record_path)
    owners = {path.stat().st_uid for path in paths} | {path.lstat().st_uid for path in paths}
    others = owners - {os.getuid()}
    if not others:
        return None
    owner = min(others)
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return str(owner)
