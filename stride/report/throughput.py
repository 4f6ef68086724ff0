"""Throughput: how many samples a second a run trained, on how many ranks and machines."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stride.store.record import AttemptRecord, RunRecord
from stride.tables import Cell

_GPU = re.compile(r"cuda:\d+ \((.*)\)")

Ranks = tuple[int, int]
"""How many ranks, and on how many machines."""


@dataclass(frozen=True)
class Throughput:
    """What the attempts of a run on so many ranks reached, on one kind of device.

    Attributes:
        device: `cpu`, or the name of the GPU, whichever of them it was.
        threads: of each rank; None where it is not known.
        samples_per_second: of all ranks together; each row of timings.csv counts as one.
        with_start: whether nothing but first epochs was there to be counted, which hold what
            happens once in a process: memory that is taken, kernels that are chosen.
    """

    ranks: int
    nodes: int
    device: str
    threads: int | None
    samples_per_second: tuple[float, ...]
    with_start: bool

    @property
    def median(self) -> float:
        """The figure of the run."""
        return statistics.median(self.samples_per_second)


def tried(record: RunRecord) -> set[Ranks]:
    """The ranks and machines that a run was trained on, as run.json tells."""
    return {(attempt.world_size, attempt.nodes) for attempt in _trained(record)}


def devices(record: RunRecord) -> tuple[str, ...]:
    """The kinds of device that a run was trained on."""
    return tuple(dict.fromkeys(_kind(attempt) for attempt in _trained(record)))


def throughputs(record: RunRecord, rows: Sequence[dict[str, Cell]]) -> list[Throughput]:
    """What a run reached, for each number of ranks and machines that it was trained on.

    The first row of each attempt is left out, unless it is all that there is.

    Args:
        rows: of timings.csv.
    """
    first: dict[tuple[int, int, str, int | None], list[float]] = {}
    later: dict[tuple[int, int, str, int | None], list[float]] = {}
    before: AttemptRecord | None = None
    for attempt, rate in _rates(record, rows):
        key = (attempt.world_size, attempt.nodes, _kind(attempt), attempt.threads)
        (later if attempt is before else first).setdefault(key, []).append(rate)
        before = attempt
    return [
        Throughput(*key, tuple(later.get(key, rates)), with_start=key not in later)
        for key, rates in first.items()
    ]


def _rates(
    record: RunRecord, rows: Sequence[dict[str, Cell]]
) -> Iterator[tuple[AttemptRecord, float]]:
    """The samples a second of each row, with the attempt that wrote it."""
    attempts = _trained(record)
    for row in rows:
        step, rate = row.get("step"), row.get("samples_per_second")
        if not isinstance(step, int) or not isinstance(rate, int | float) or not rate > 0:
            continue
        # A resume cuts the table back to its checkpoint: what is above it, it wrote itself.
        found = [attempt for attempt in attempts if attempt.first_step < step]
        if found:
            yield found[-1], float(rate)


def _trained(record: RunRecord) -> list[AttemptRecord]:
    """The attempts that made a step."""
    return [each for each in record.attempts if (each.last_step or 0) > each.first_step]


def _kind(attempt: AttemptRecord) -> str:
    """The device, without the number that a GPU has on its machine."""
    device = attempt.device or "unknown device"
    match = _GPU.fullmatch(device)
    return match[1] if match else device
