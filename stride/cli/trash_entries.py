"""The entries of a trash that a command names: by number or name, and by id where several are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from stride.cli.experiment import open_experiment
from stride.cli.value import moment_text
from stride.errors import RunNameError, RunNotFoundError
from stride.store.names import is_digits, is_run_name, parse_number
from stride.store.trash import TrashEntry, read_trash
from stride.store.work_dir import WorkDir

_RANGE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


def split_address(text: str) -> tuple[WorkDir, str]:
    """The experiment and the reference of `exp/3`; a reference alone is in the current folder.

    Raises:
        UsageError: no such experiment, or no reference to a run.
    """
    folder, slash, reference = text.rstrip("/").rpartition("/")
    if not (is_digits(reference) or is_run_name(reference) or _RANGE.fullmatch(reference)):
        raise RunNameError(f"{text!r} is not the address of a run; give it as exp/3")
    experiment = str(Path(folder or "/")) if slash else None
    return open_experiment(experiment), reference


def find_entries(
    entries: Sequence[TrashEntry], reference: str, experiment: WorkDir
) -> list[TrashEntry]:
    """The entries of a number, a name, or a range such as `3-7`.

    Raises:
        RunNotFoundError: there are none in the trash.
    """
    if found := _RANGE.fullmatch(reference):
        numbers = range(int(found[1]), int(found[2]) + 1)
        chosen = [each for each in entries if is_digits(each.name) and int(each.name) in numbers]
    else:
        number = parse_number(reference)
        name = reference if number is None else str(number)
        chosen = [each for each in entries if each.name == name]
    if not chosen:
        raise RunNotFoundError(
            f"run {reference} is not in the trash of {experiment.address}; "
            f"stride trash {experiment.address} lists what is"
        )
    return chosen


def find_by_id(entries: Sequence[TrashEntry], id: str | None) -> list[TrashEntry]:
    """Those whose id begins so; all where none is given."""
    return [each for each in entries if id is None or (each.id or "").startswith(id)]


def find_one(address: str, id: str | None) -> TrashEntry:
    """The one entry that is meant.

    Raises:
        UsageError: there is none, or several of the name and the id does not tell them apart.
    """
    experiment, reference = split_address(address)
    entries = find_entries(read_trash(experiment), reference, experiment)
    chosen = find_by_id(entries, id)
    if not chosen:
        raise RunNotFoundError(f"no run {reference} in the trash has an id that begins with {id}")
    if len(chosen) > 1:
        listed = ", ".join(
            f"{(each.id or '?')[:12]} ({moment_text(each.moment)})" for each in chosen
        )
        raise RunNameError(
            f"{len(chosen)} runs in the trash were {address}: {listed}; choose one with --id"
        )
    return chosen[0]


def find_all(addresses: Sequence[str]) -> list[TrashEntry]:
    """The entries of several addresses, ranges among them, each once.

    Raises:
        UsageError: one of them is not in its trash.
    """
    found: dict[Path, TrashEntry] = {}
    for address in addresses:
        experiment, reference = split_address(address)
        for entry in find_entries(read_trash(experiment), reference, experiment):
            found[entry.folder] = entry
    return list(found.values())
