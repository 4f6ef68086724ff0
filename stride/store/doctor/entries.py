"""The check of an experiment's entries: runs that are not whole, twice there, or hard to tell."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from stride.store.doctor.aside import set_aside
from stride.store.doctor.finding import Finding, Level
from stride.store.names import is_digits, is_number, is_run_name
from stride.store.run import Run
from stride.store.run_id import read_id
from stride.store.trash import TrashEntry
from stride.store.work_dir import WorkDir


def check_entries(work_dir: WorkDir, names: Sequence[str]) -> Iterator[Finding]:
    """Look at the names of an experiment's folder.

    Args:
        names: of all entries.
    """
    for name in names:
        run = Run(work_dir.path / name)
        if not run.path.is_dir() or name.startswith("."):
            continue
        has = [os.path.lexists(path) for path in (run.record_path, run.config_path)]
        if run.path.is_symlink():
            if any(has):
                yield Finding("symbolic link", run.path, "it is not followed", Level.NOTE)
        elif not (is_number(name) or is_run_name(name)):
            if all(has):
                number = f"; rename it to {int(name)}" if is_digits(name) else ""
                text = f"it has the files of a run, and a name that no run has{number}"
                yield Finding("unusual name", run.path, text)
        elif is_number(name) and not any(has):
            yield _no_run(work_dir, run)
        elif has[0] and not has[1]:
            yield Finding("record without config", run.config_path, "the run has no config.json")
        elif has[1] and not has[0]:
            yield Finding("config without record", run.record_path, "the run has no run.json")
    yield from _case_clashes(work_dir, names)


def _no_run(work_dir: WorkDir, run: Run) -> Finding:
    try:
        is_filled = any(run.path.iterdir())
    except OSError as error:
        return Finding("unreadable folder", run.path, str(error.strerror))
    if is_filled:
        text = "it has the name of a run, and neither config.json nor run.json"
        return Finding("no run", run.path, text)
    text = "an empty folder with the name of a run; a power cut while a run was made leaves such"
    return Finding("no run", run.path, text, mend=lambda: set_aside(work_dir, run.path))


def _case_clashes(work_dir: WorkDir, names: Sequence[str]) -> Iterator[Finding]:
    known: dict[str, str] = {}
    for name in sorted(filter(is_run_name, names)):
        other = known.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        path = work_dir.path / name
        if other != name and path.is_dir():
            text = f"{other} and {name} are the same name on other systems, as macOS and Windows"
            yield Finding("case clash", path, text)


def check_identities(runs: Sequence[Run], removed: Sequence[TrashEntry]) -> Iterator[Finding]:
    """Look for runs that are there twice, by id and by number."""
    known: dict[str, Path] = {}
    for run in runs:
        id = read_id(run)
        if id is not None and (other := known.setdefault(id, run.path)) != run.path:
            yield Finding(
                "copied run", run.path, f"it has the id of {other}: one of them is a copy; rm one"
            )
    names = {run.name for run in runs}
    for entry in removed:
        if entry.id in known:
            text = f"it lies in the trash, and {known[entry.id]} has the same id"
            yield Finding("copied run", entry.folder, text)
        elif entry.name in names:
            text = f"another {entry.name} is in the experiment; restore it with --as"
            yield Finding("name given twice", entry.folder, text, Level.NOTE)
