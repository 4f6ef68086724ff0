"""A group: contestants that are measured together, round by round, and the rows of the table."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from benchmarks.contestant import Contestant, ContestantError

Unit = Literal["seconds", "bytes"]
Make = Callable[[], Contestant]

_CHOOSE: Mapping[str, Callable[[list[float]], float]] = {
    "median": statistics.median,
    "lowest": min,
    "highest": max,
}
_SELDOM = 4  # rounds, of which a contestant that is timed seldom takes part in one


@dataclass(frozen=True)
class Row:
    """One line of the table: stride beside one peer.

    Attributes:
        what: is measured, in words.
        bar: the highest ratio that is promised; None where nothing is.
        note: why there is no ratio.
        limit: the longest time that is promised, in seconds, where it is no ratio.
        unit: of the figures; bytes where memory is measured and no time.
    """

    what: str
    peer: str
    stride_seconds: float | None
    peer_seconds: float | None
    bar: float | None
    note: str = ""
    limit: float | None = None
    unit: Unit = "seconds"

    @property
    def ratio(self) -> float | None:
        """Time of stride over time of the peer: lower is better."""
        if self.stride_seconds is None or not self.peer_seconds:
            return None
        return self.stride_seconds / self.peer_seconds

    @property
    def held(self) -> bool | None:
        """Whether the bar or the limit holds; None where there is none, or no figure."""
        if self.limit is not None and self.stride_seconds is not None:
            return self.stride_seconds <= self.limit
        if self.bar is None or self.ratio is None:
            return None
        return self.ratio <= self.bar


@dataclass
class Group:
    """Contestants that do the same thing, `count` times a repeat.

    Rounds go A B C, B C A, C A B, ...: what disturbs the machine disturbs all, and nobody is always
    first. The first round warms up and does not count. One who fails is left out from there on,
    with what it said.

    Attributes:
        figure: what of the rounds goes into the table.
        warms_up: whether the first round is left out.
        unit: of what contestants answer.
    """

    what: str
    repeats: int
    count: int = 1
    figure: Literal["median", "lowest", "highest"] = "median"
    warms_up: bool = True
    unit: Unit = "seconds"
    samples: dict[str, list[float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def measure(self, makes: Mapping[str, Make | str], seldom: Collection[str] = ()) -> None:
        """Time all; a contestant that cannot be there is given as the reason, a text.

        Args:
            seldom: who takes part in every fourth round only, because it is slow and no bar hangs
                on it.
        """
        print(f"  {self.what}", file=sys.stderr)
        contestants: dict[str, Contestant] = {}
        for name, make in makes.items():
            if isinstance(make, str):
                self.failures[name] = make
                continue
            try:
                contestants[name] = make()
            except ContestantError as error:
                self.failures[name] = str(error)
        try:
            for round_number in range(self.repeats + self.warms_up):
                counted = round_number - self.warms_up  # below 0: it warms up
                names = [
                    name
                    for name in contestants
                    if name not in self.failures
                    and (name not in seldom or counted < 0 or counted % _SELDOM == 0)
                ]
                turn = round_number % len(names) if names else 0
                for name in names[turn:] + names[:turn]:
                    self._time(name, contestants[name], keep=counted >= 0)
        finally:
            for contestant in contestants.values():
                contestant.close()

    def seconds(self, name: str) -> float | None:
        """The figure of a contestant, for one of what it counts."""
        if name in self.failures or not self.samples.get(name):
            return None
        return float(_CHOOSE[self.figure](self.samples[name])) / self.count

    def compare(
        self,
        peer: str,
        bar: float | None = None,
        name: str = "",
        stride: str = "stride",
        *,
        what: str = "",
        limit: float | None = None,
    ) -> None:
        """Add the row of stride beside one peer.

        Args:
            name: how the table calls the peer.
            stride: the contestant that stands for stride.
            what: is measured, where it is not the group's.
            limit: the longest time that is promised, in seconds, or the most memory, in bytes.
        """
        failed = [f"{who}: {self.failures[who]}" for who in (stride, peer) if who in self.failures]
        row = Row(
            what=what or self.what,
            peer=name or peer,
            stride_seconds=self.seconds(stride),
            peer_seconds=self.seconds(peer),
            bar=bar,
            note="; ".join(failed),
            limit=limit,
            unit=self.unit,
        )
        self.rows.append(row)

    def leave_out(self, reason: str) -> None:
        """Add a row that says why nothing was measured."""
        self.rows.append(Row(self.what, "", None, None, None, reason))

    def _time(self, name: str, contestant: Contestant, *, keep: bool) -> None:
        try:
            seconds = contestant.repeat()
        except ContestantError as error:
            self.failures[name] = str(error)
            print(f"    {name}: {error}", file=sys.stderr)
            return
        if keep:
            self.samples.setdefault(name, []).append(seconds)
