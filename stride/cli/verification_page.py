"""The page of a verification: what two trainings have in common, in lines for a person."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from stride.cli.page import draw_pairs, wrapped
from stride.cli.table import Cell
from stride.cli.terminal import Terminal
from stride.cli.text import harmless
from stride.cli.value import NOTHING, digest_text, value_text
from stride.config.differences import ABSENT
from stride.report.comparison import UNRECORDED, Comparison, Values, compare, only_differing
from stride.report.portrait import read_portrait
from stride.report.table_verification import Parting
from stride.report.verification import STATES, Verdict, Verification
from stride.store.run import Run

FIELDS = {
    "runs": "addresses of the two runs",
    "verdict": "identical, within tolerance, or parted",
    "holds": "whether nothing is further off than the tolerance",
    "tolerance": "how far off a number may be, relative to the larger one of the two",
    "agreed": "the last step up to which all is the same; null where not even the first is",
    "parting": "the first value that is not the same: table, column, first, second, step, epoch,"
    " after (the step of the row before), absolute, relative; null where all is",
    "beyond": "the same of the first that is further off than the tolerance",
    "largest": "the same of the number that is furthest off",
    "tables": "table to the number of `rows` that both have, and of those that each has `alone`",
    "weights": "name of each file of final weights to whether it is the same",
    "notes": "what was not compared",
    "differing": "what differs in config, code, data, packages and machine: section to name to the"
    " two values",
    "unknown": "section to the addresses of the runs of which nothing is known in it",
}
"""What `verification_fields` gives."""

_CAUSES = ("config", "code", "data", "packages", "machine")
_MEASURED = frozenset({"memory"})
"""What of a machine says nothing: a kernel counts some bytes more or less after a restart."""


def compare_causes(first: Run, second: Run) -> tuple[dict[str, Values], Comparison]:
    """What differs between two runs and may be why they part, by section, and the comparison.

    Raises:
        StoredFileError: one cannot be read.
    """
    comparison = compare([read_portrait(first), read_portrait(second)])
    differing = {
        section: {
            name: values
            for name, values in only_differing(comparison.sections[section]).items()
            if name not in _MEASURED
        }
        for section in _CAUSES
    }
    return {name: values for name, values in differing.items() if values}, comparison


def verification_fields(verification: Verification, first: Run, second: Run) -> dict[str, Any]:
    """The answer in JSON."""
    differing, comparison = compare_causes(first, second)
    return {
        "runs": verification.addresses,
        "verdict": str(verification.verdict),
        "holds": verification.holds,
        "tolerance": verification.tolerance,
        "agreed": verification.agreed,
        "parting": _parting_fields(verification.parting),
        "beyond": _parting_fields(verification.beyond),
        "largest": _parting_fields(verification.largest),
        "tables": {
            table.table: {"rows": table.rows, "alone": table.alone} for table in verification.tables
        },
        "weights": verification.weights,
        "notes": verification.notes,
        "differing": {
            section: {name: [_plain(value) for value in each] for name, each in values.items()}
            for section, values in differing.items()
        },
        "unknown": {name: comparison.unknown[name] for name in _CAUSES if comparison.unknown[name]},
    }


def _plain(value: Any) -> Any:
    return None if value is ABSENT or value is UNRECORDED else value


def _parting_fields(parting: Parting | None) -> dict[str, Any] | None:
    if parting is None:
        return None
    return {
        "table": parting.table,
        "column": parting.column,
        "first": parting.first,
        "second": parting.second,
        "step": parting.step,
        "epoch": parting.epoch,
        "after": parting.after,
        "absolute": parting.absolute,
        "relative": parting.relative,
    }


def headline(verification: Verification) -> str:
    """The answer in one line."""
    first, second = map(harmless, verification.addresses)
    parting = verification.parting
    if parting is None:
        return f"identical: {first} and {second}"
    what = f"{place_text(parting)}: {values_text(parting)}"
    if verification.verdict is Verdict.WITHIN:
        return f"within the tolerance: {first} and {second} part {what}"
    return f"{first} parts from {second} {what}"


def refusal(verification: Verification) -> str:
    """The sentence of the exit code; what there is to say of it was said."""
    first, second = map(harmless, verification.addresses)
    allowed = f" within {verification.tolerance:g}" if verification.tolerance else ""
    assert verification.beyond is not None
    place = place_text(verification.beyond)
    return f"{first} does not agree with {second}{allowed}: they part {place}"


def draw_verification(
    verification: Verification, first: Run, second: Run, terminal: Terminal
) -> Iterator[str]:
    """All lines: the verdict, what was compared, and what differs that may be why."""
    style = {"identical": "green", "parted": "red"}.get(verification.verdict, "yellow")
    head, colon, rest = headline(verification).partition(":")
    yield f"{terminal.paint(head, style)}{colon}{rest}"
    pairs = [*_pairs(verification)]
    if pairs:
        yield from draw_pairs(pairs, terminal)
    yield from (f"  {line}" for note in verification.notes for line in wrapped(note, terminal))
    if verification.parting is not None:
        yield ""
        yield from _draw_causes(first, second, terminal)


def _pairs(verification: Verification) -> Iterator[tuple[str, Cell]]:
    counts = [
        f"{table.rows} {'row' if table.rows == 1 else 'rows'} of {table.table}"
        for table in verification.tables
    ]
    if verification.weights:
        counts.append(" and ".join(sorted(verification.weights)))
    yield "compared", Cell(", ".join(counts))
    if verification.parting is None:
        return
    agreed = verification.agreed
    yield "the same", Cell("nothing" if agreed is None else f"up to step {agreed}")
    largest = verification.largest
    if largest is not None and largest != verification.parting:
        yield "furthest off", Cell(f"{place_text(largest)}: {values_text(largest)}")
    for table in verification.tables:
        if table.table == STATES and table.parting is not None:
            yield "whole state", Cell(f"differs at the checkpoint of step {table.parting.step}")
    for name, same in verification.weights.items():
        yield name, Cell("the same" if same else "differs")


def place_text(parting: Parting) -> str:
    """Where two trainings part: `at step 12 (epoch 2)`, `between steps 10 and 20`."""
    if parting.step is None:
        return f"at the end, in {harmless(parting.table)}"
    epoch = "" if parting.epoch is None else f" (epoch {parting.epoch})"
    if parting.after is not None and parting.after + 1 < parting.step:
        return f"between steps {parting.after + 1} and {parting.step}{epoch}"
    return f"at step {parting.step}{epoch}"


def values_text(parting: Parting) -> str:
    """The two values, and how far they are apart."""
    first, second = (_value_text(value) for value in (parting.first, parting.second))
    text = f"{harmless(parting.column)} is {first} and {second}"
    if parting.absolute is None:
        return text
    relative = "" if math.isinf(parting.relative) else f", relative {parting.relative:.2g}"
    return f"{text}, {parting.absolute:.3g} apart{relative}"


def _value_text(value: Any) -> str:
    return NOTHING if value is None else digest_text(value_text(value))


def _draw_causes(first: Run, second: Run, terminal: Terminal) -> Iterator[str]:
    """What differs between the two runs beside what they computed."""
    differing, comparison = compare_causes(first, second)
    if not differing:
        known = [name for name in _CAUSES if not comparison.unknown[name]]
        yield f"nothing differs in {', '.join(known)}"
    for section, values in differing.items():
        yield terminal.paint(section, "bold")
        yield from draw_pairs(
            [(harmless(name), Cell(_both(each))) for name, each in values.items()], terminal
        )
    unknown = [name for name in _CAUSES if comparison.unknown[name]]
    if unknown:
        yield f"not recorded of both: {', '.join(unknown)}"


def _both(values: tuple[Any, ...]) -> str:
    """The value in each run, the original's first."""
    second, first = (_value_text(_plain(value)) for value in values)
    return f"{first} → {second}"
