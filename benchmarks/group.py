"""A group: contestants that are measured together, round by round, and the rows of the table."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.contestant import Contestant, ContestantError

Make = Callable[[], Contestant]


@dataclass(frozen=True)
class Row:
    """One line of the table: stride beside one peer.

    Attributes:
        what: is measured, in words.
        bar: the highest ratio that is promised; None where nothing is.
        note: why there is no ratio.
    """

    what: str
    peer: str
    stride_seconds: float | None
    peer_seconds: float | None
    bar: float | None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Time of stride over time of the peer: lower is better."""
        if self.stride_seconds is None or not self.peer_seconds:
            return None
        return self.stride_seconds / self.peer_seconds

    @property
    def held(self) -> bool | None:
        """Whether the bar holds; None where there is no bar or no ratio."""
        if self.bar is None or self.ratio is None:
            return None
        return self.ratio <= self.bar


@dataclass
class Group:
    """Contestants that do the same thing, `count` times a repeat.

    Rounds go A B C, B C A, C A B, ...: what disturbs the machine disturbs all, and nobody is always
    first. The first round warms up and does not count. One who fails is left out from there on,
    with what it said.
    """

    what: str
    repeats: int
    count: int = 1
    lowest: bool = False
    samples: dict[str, list[float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def measure(self, makes: Mapping[str, Make | str]) -> None:
        """Time all; a contestant that cannot be there is given as the reason, a text."""
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
            for round_number in range(self.repeats + 1):
                names = [name for name in contestants if name not in self.failures]
                turn = round_number % len(names) if names else 0
                for name in names[turn:] + names[:turn]:
                    self._time(name, contestants[name], keep=round_number > 0)
        finally:
            for contestant in contestants.values():
                contestant.close()

    def seconds(self, name: str) -> float | None:
        """The figure of a contestant, for one of what it counts: the median, or the lowest."""
        if name in self.failures or not self.samples.get(name):
            return None
        choose = min if self.lowest else statistics.median
        return float(choose(self.samples[name])) / self.count

    def compare(
        self, peer: str, bar: float | None = None, name: str = "", stride: str = "stride"
    ) -> None:
        """Add the row of stride beside one peer; `name` is how the table calls the peer."""
        failed = [f"{who}: {self.failures[who]}" for who in (stride, peer) if who in self.failures]
        row = Row(
            what=self.what,
            peer=name or peer,
            stride_seconds=self.seconds(stride),
            peer_seconds=self.seconds(peer),
            bar=bar,
            note="; ".join(failed),
        )
        self.rows.append(row)

    def _time(self, name: str, contestant: Contestant, *, keep: bool) -> None:
        try:
            seconds = contestant.repeat()
        except ContestantError as error:
            self.failures[name] = str(error)
            print(f"    {name}: {error}", file=sys.stderr)
            return
        if keep:
            self.samples.setdefault(name, []).append(seconds)
