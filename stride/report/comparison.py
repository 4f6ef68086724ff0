"""A comparison of runs: config, code, data, packages, machine, and the results beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from stride.config.differences import ABSENT, flatten, same
from stride.report.portrait import Portrait, seconds_of

SECTIONS = ("config", "code", "data", "packages", "machine", "results")

SECONDS = "seconds"
"""The name of a result: how long all attempts took together."""


class Unrecorded(Enum):
    """Stands where it is not known what a run has."""

    UNRECORDED = "unrecorded"


UNRECORDED: Final = Unrecorded.UNRECORDED

Values = dict[str, tuple[Any, ...]]
"""Name to one value a run: ABSENT where a run has none, UNRECORDED where that is not known."""

_Source = Mapping[str, Any] | None
"""Values that were recorded together, or not at all."""


@dataclass(frozen=True)
class Comparison:
    """What runs have in each section.

    Attributes:
        sections: by name, in the order of SECTIONS, every name that any run has.
        unknown: for each section the runs of which nothing is known there.
    """

    addresses: tuple[str, ...]
    sections: dict[str, Values]
    unknown: dict[str, tuple[str, ...]]


def compare(portraits: Sequence[Portrait]) -> Comparison:
    """Put the runs side by side."""
    addresses = tuple(portrait.row.run.address for portrait in portraits)
    parts = [_parts(portrait) for portrait in portraits]
    sections = {name: _beside([part[name] for part in parts]) for name in SECTIONS}
    unknown = {
        name: tuple(a for a, part in zip(addresses, parts, strict=True) if part[name][0] is None)
        for name in SECTIONS
    }
    return Comparison(addresses, sections, unknown)


def only_differing(values: Values) -> Values:
    """The names whose values are not the same in all runs of which they are known."""
    return {name: each for name, each in values.items() if not _agree(each)}


def _agree(values: tuple[Any, ...]) -> bool:
    known = [value for value in values if value is not UNRECORDED]
    return all(same(value, known[0]) for value in known[1:])


def _beside(runs: Sequence[Sequence[_Source]]) -> Values:
    """One section: the sources of each run, in the same order in all of them."""
    found: Values = {}
    for sources in zip(*runs, strict=True):
        names = dict.fromkeys(name for source in sources for name in source or ())
        for name in names:
            found[name] = tuple(
                UNRECORDED if source is None else source.get(name, ABSENT) for source in sources
            )
    return found


def _parts(portrait: Portrait) -> dict[str, tuple[_Source, ...]]:
    """What is recorded of a run, by section; the first source says whether anything is."""
    return {
        "config": (flatten(portrait.settings),),
        "code": _code(portrait),
        "data": (dict(portrait.record.fingerprints) or None,),
        "packages": (portrait.provenance.packages,),
        "machine": _machine(portrait),
        "results": (_results(portrait),),
    }


def _code(portrait: Portrait) -> tuple[_Source, ...]:
    """Where the code was, its state if git knows one, and a digest of each thing of the user's."""
    code = portrait.provenance.code
    own = {each.reference: each.digest for each in portrait.record.code}
    if code is None:
        return None, None, own
    state = {
        "commit": code.commit,
        "branch": code.branch,
        "uncommitted files": code.changed,
        "digest": code.digest,
    }
    return {"repository": code.repository}, None if code.repository is None else state, own


def _machine(portrait: Portrait) -> tuple[_Source, ...]:
    """The machine, and what the newest attempt used of it."""
    machine, attempt = portrait.provenance.machine, portrait.record.attempt
    found = used = None
    if machine is not None:
        found = {
            "host": machine.host,
            "system": machine.system,
            "cpu": machine.cpu,
            "usable cpus": machine.usable_cpus,
            "memory": machine.memory,
            "gpus": [gpu.name for gpu in machine.gpus],
            "drivers": [gpu.driver for gpu in machine.gpus],
            "python": machine.python,
        }
    if attempt is not None and attempt.device is not None:
        used = {"device": attempt.device, "threads": attempt.threads}
    return found, used


def _results(portrait: Portrait) -> dict[str, Any]:
    """Status, time, best values, and the numbers of all files in results/."""
    record = portrait.record
    parts: dict[str, Any] = {"status": portrait.row.status}
    seconds = [seconds_of(attempt) for attempt in record.attempts]
    known = [each for each in seconds if each is not None]
    if record.attempts:
        parts[SECONDS] = sum(known) if known else None
    for best in record.best:
        parts[f"best {best.monitor}"] = best.value
        parts[f"best {best.monitor}, epoch"] = best.epoch
    for file, numbers in portrait.results.items():
        prefix = "" if file == portrait.row.run.results_metrics_path.stem else f"{file}: "
        parts |= {f"{prefix}{name}": value for name, value in numbers.items()}
    return parts
