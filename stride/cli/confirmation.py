"""The question before something is deleted for good."""

from __future__ import annotations

import sys

import typer

from stride.errors import UsageError


def confirm(what: str, *, yes: bool) -> None:
    """Ask whether to go on, on a terminal; `--yes` answers beforehand.

    Args:
        what: is about to be done, as in `delete 3 runs for good`.

    Raises:
        UsageError: nobody can be asked, and there is no `--yes`; or the answer is no.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"this would {what}; add --yes to do it, or --dry-run to see what goes")
    if not typer.confirm(f"{what[:1].upper()}{what[1:]}?", err=True):
        raise UsageError("nothing was changed")
