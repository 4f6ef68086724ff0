"""A comparison of runs: config, code, data, packages, machine, and the results beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stride.cli.portrait import Portrait
from stride.cli.portrait_page import took
from stride.cli.run_json import settings_of, status_of
from stride.config.differences import ABSENT, flatten, same

SECTIONS = ("config", "code", "data", "packages", "machine", "results")

Values = dict[str, tuple[Any, ...]]
"""Name to one value a run, ABSENT where a run has none."""


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
        name: tuple(a for a, part in zip(addresses, parts, strict=True) if not part[name])
        for name in SECTIONS
    }
    return Comparison(addresses, sections, unknown)


def only_differing(values: Values) -> Values:
    """The names whose values are not the same in all runs."""
    return {
        name: each for name, each in values.items() if not all(same(v, each[0]) for v in each[1:])
    }


def _beside(trees: Sequence[Mapping[str, Any]]) -> Values:
    names = dict.fromkeys(name for tree in trees for name in tree)
    return {name: tuple(tree.get(name, ABSENT) for tree in trees) for name in names}


def _parts(portrait: Portrait) -> dict[str, dict[str, Any]]:
    return {
        "config": flatten(settings_of(portrait.config) or {}),
        "code": _code(portrait),
        "data": dict(portrait.record.fingerprints),
        "packages": dict(portrait.provenance.packages or {}),
        "machine": _machine(portrait),
        "results": _results(portrait),
    }


def _code(portrait: Portrait) -> dict[str, Any]:
    """Where the code was, and a digest of each thing of the user's own."""
    parts: dict[str, Any] = {}
    code = portrait.provenance.code
    if code is not None:
        parts = {
            "repository": code.repository,
            "commit": code.commit,
            "branch": code.branch,
            "uncommitted files": code.changed,
            "digest": code.digest,
        }
    return parts | {each.reference: each.digest for each in portrait.record.code}


def _machine(portrait: Portrait) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    machine = portrait.provenance.machine
    if machine is not None:
        parts = {
            "host": machine.host,
            "system": machine.system,
            "cpu": machine.cpu,
            "usable cpus": machine.usable_cpus,
            "memory": machine.memory,
            "gpus": [gpu.name for gpu in machine.gpus],
            "drivers": [gpu.driver for gpu in machine.gpus],
            "python": machine.python,
            "torch": machine.torch,
            "stride": machine.stride,
        }
    attempt = portrait.record.attempt
    if attempt is not None:
        parts |= {"device": attempt.device, "threads": attempt.threads}
    return parts


def _results(portrait: Portrait) -> dict[str, Any]:
    """Status, time, best values, and the numbers of all files in results/."""
    record = portrait.record
    parts: dict[str, Any] = {"status": status_of(portrait.row)}
    if record.attempt is not None and record.attempt.ended is not None:
        parts["took"] = took(record.attempt)
    for best in record.best:
        parts[f"best {best.monitor}"] = best.value
        parts[f"best {best.monitor}, epoch"] = best.epoch
    for file, numbers in portrait.results.items():
        prefix = "" if file == portrait.row.run.results_metrics_path.stem else f"{file}: "
        parts |= {f"{prefix}{name}": value for name, value in numbers.items()}
    return parts
