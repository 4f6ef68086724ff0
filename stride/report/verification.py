"""The verification of a training by another one: the same bits, or the first step where they part.

Compared are the tables of metrics and of steps row by row, the digests of the whole state at each
checkpoint that both have, those of the weights at the end, and the final results. Where and when a
training ran, and in how many attempts, is no part of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stride.errors import RunStateError, StrideError
from stride.report.table_verification import (
    Parting,
    Rows,
    TableVerification,
    verify_tables,
    verify_values,
)
from stride.store.checkpoint_manifest import read_manifest
from stride.store.record import RunRecord, Status
from stride.store.run import Run
from stride.tables import Cell

STEPS: Final = "steps.csv"
METRICS: Final = "metrics.csv"
STATES: Final = "digests.csv"
WEIGHTS: Final = "weights"
RESULTS: Final = "results"

_STATE: Final = "state"


class Verdict(StrEnum):
    """What two trainings have in common."""

    IDENTICAL = "identical"
    WITHIN = "within tolerance"
    PARTED = "parted"


@dataclass(frozen=True)
class Verification:
    """What was found.

    Attributes:
        addresses: of the two runs, the one that is verified first.
        agreed: the last step up to which all that both recorded is the same.
        parting: the first value that is not; None where all is the same.
        beyond: the first that is further off than the tolerance; None where the verification holds.
        largest: the number that is furthest off.
        tables: each table that both runs have rows of.
        weights: file names of final weights that both have, and whether they are the same.
        notes: in words, what was not compared.
    """

    addresses: tuple[str, str]
    verdict: Verdict
    tolerance: float
    agreed: int | None
    parting: Parting | None
    beyond: Parting | None
    largest: Parting | None
    tables: tuple[TableVerification, ...]
    weights: dict[str, bool]
    notes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is further off than the tolerance."""
        return self.beyond is None


def verify_runs(first: Run, second: Run, tolerance: float = 0.0) -> Verification:
    """Compare two trainings.

    Without a tolerance all must be the same bits, the state at each checkpoint and the weights too.
    With one, numbers may be off by so much, and digests, which know no distance, are only told.

    Args:
        tolerance: relative to the larger one of two numbers.

    Raises:
        RunStateError: there is nothing to compare: one has not been trained yet.
        StoredFileError, StorageError: a file of them cannot be read.
    """
    runs = (first, second)
    records = (first.read_record(), second.read_record())
    tables = [
        verify_tables(STEPS, first.steps.read(), second.steps.read(), tolerance),
        verify_tables(METRICS, first.metrics.read(), second.metrics.read(), tolerance),
        verify_tables(STATES, _states(first), _states(second), exact=[_STATE], spans=False),
    ]
    compared = tuple(table for table in tables if table.rows)
    if not any(table.rows for table in tables[:2]):
        raise _nothing(runs)
    at_end = _ended_alike(records)
    weights = _weights(records) if at_end else {}
    results = verify_values(RESULTS, *map(_results, runs)) if at_end else []
    partings = [
        *(table.parting for table in compared),
        *(_weights_parting(name, records) for name, same in weights.items() if not same),
        *results,
        _length(tables[:2], records),
    ]
    parting = _earliest(partings)
    beyond = _earliest(
        [
            *(table.beyond for table in compared if not tolerance or table.table != STATES),
            *(each for each in partings if each and not tolerance and each.table == WEIGHTS),
            *(each for each in results if each.relative > tolerance),
            partings[-1],
        ]
    )
    return Verification(
        addresses=(first.address, second.address),
        verdict=_verdict(parting, beyond),
        tolerance=tolerance,
        agreed=_agreed(compared, parting),
        parting=parting,
        beyond=beyond,
        largest=_furthest([*(table.largest for table in compared), *results]),
        tables=compared,
        weights=weights,
        notes=tuple(_notes(runs, records, tables)),
    )


def _states(run: Run) -> Rows:
    """The digest of the state at each checkpoint; of older runs those that are there still."""
    rows: list[dict[str, Cell]] = []
    for folder in run.checkpoint_paths.committed():
        with contextlib.suppress(StrideError):
            manifest = read_manifest(folder.manifest_path)
            position = manifest.position
            rows.append(
                {"step": position.step, "epoch": position.epoch, _STATE: manifest.state_digest}
            )
    return [*rows[::-1], *run.digests.read()]


def _results(run: Run) -> dict[str, Cell]:
    found: dict[str, Cell] = {}
    for name, value in run.read_results().items():
        number = float(value) if isinstance(value, str) and _is_number(value) else value
        if isinstance(number, int | float):
            found[name] = number
    return found


def _is_number(text: str) -> bool:
    return text in ("nan", "inf", "-inf")


def _ended_alike(records: tuple[RunRecord, RunRecord]) -> bool:
    """Whether both came to their end: weights and results are of the same moment only then."""
    return all(record.status is Status.COMPLETED for record in records)


def _weights(records: tuple[RunRecord, RunRecord]) -> dict[str, bool]:
    first, second = (record.digests for record in records)
    return {name: first[name] == second[name] for name in first if name in second}


def _weights_parting(name: str, records: tuple[RunRecord, RunRecord]) -> Parting:
    first, second = (record.digests[name] for record in records)
    return Parting(WEIGHTS, name, first, second)


def _length(
    tables: list[TableVerification], records: tuple[RunRecord, RunRecord]
) -> Parting | None:
    """Where one of two completed trainings ends before the other."""
    if not _ended_alike(records):
        return None
    for table in tables:
        first, second = table.ends
        if table.rows and first != second:
            sooner = min(first, second)
            return Parting(table.table, "last step", first, second, step=sooner + 1, after=sooner)
    return None


def _nothing(runs: tuple[Run, Run]) -> RunStateError:
    for run in runs:
        if not run.metrics.read() and not run.steps.read():
            return RunStateError(
                f"{run.address} has no rows of metrics yet: there is nothing to compare"
            )
    return RunStateError(
        f"{runs[0].address} and {runs[1].address} have no row of the same steps: they log and"
        " evaluate at different ones"
    )


def _place(parting: Parting) -> tuple[float, int]:
    """The order of time: what belongs to the end comes last; at one step, the finer table first."""
    order = (STEPS, METRICS, STATES, WEIGHTS, RESULTS).index(parting.table)
    return (float("inf") if parting.step is None else parting.step, order)


def _earliest(partings: list[Parting | None]) -> Parting | None:
    return min((each for each in partings if each is not None), key=_place, default=None)


def _furthest(partings: list[Parting | None]) -> Parting | None:
    numbers = [each for each in partings if each is not None and each.absolute is not None]
    return max(numbers, key=lambda each: each.relative, default=None)


def _agreed(tables: tuple[TableVerification, ...], parting: Parting | None) -> int | None:
    """The last step up to which every row of every table is the same."""
    known = [table.agreed for table in tables if table.agreed is not None]
    if parting is None or parting.step is None:
        return max(known, default=None)
    return max((step for step in known if step < parting.step), default=None)


def _verdict(parting: Parting | None, beyond: Parting | None) -> Verdict:
    if parting is None:
        return Verdict.IDENTICAL
    return Verdict.WITHIN if beyond is None else Verdict.PARTED


def _notes(
    runs: tuple[Run, Run], records: tuple[RunRecord, RunRecord], tables: list[TableVerification]
) -> Iterator[str]:
    for run, record in zip(runs, records, strict=True):
        if record.status is not Status.COMPLETED:
            yield f"{run.address} is not completed: compared as far as both go"
    ranks = [{attempt.world_size for attempt in record.attempts} for record in records]
    if ranks[0] != ranks[1]:
        first, second = (" and ".join(map(str, sorted(each))) or "no" for each in ranks)
        yield f"{runs[0].address} was trained by {first} ranks, {runs[1].address} by {second}"
    for table in tables:
        for run, alone in zip(runs, table.alone, strict=True):
            if alone and table.rows:
                yield f"{table.table}: {alone} rows are only in {run.address}"
        for run, names in zip(runs, table.columns, strict=True):
            if names and table.rows:
                yield f"{table.table}: only {run.address} has {', '.join(names)}"
        if not table.rows and any(table.ends):
            yield f"{table.table}: no rows of the same steps, not compared"
