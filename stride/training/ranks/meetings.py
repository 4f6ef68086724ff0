"""Meetings: which rank waits where, and who does not come."""

from __future__ import annotations

import time
from dataclasses import dataclass

from stride.training.ranks.failure import Failure


@dataclass(frozen=True)
class Whereabouts:
    """Where a rank is in the order of meetings, which is the same on all ranks.

    Attributes:
        meeting: how many meetings it has come to.
        waiting: what the last of them is for, while it waits there; empty where it went on.
    """

    meeting: int = 0
    waiting: str = ""


class Attendance:
    """Where every rank is, as far as rank 0 was told, and since when.

    Args:
        hosts: the machine of each rank, by rank.
        patience: seconds that a rank may be waited for.
    """

    def __init__(self, hosts: dict[int, str], patience: float) -> None:
        self._hosts = hosts
        self._patience = patience
        self._seen = dict.fromkeys(hosts, (Whereabouts(), time.monotonic()))

    def update(self, rank: int, now: Whereabouts) -> None:
        """Take note of where a rank is."""
        if self._seen[rank][0] != now:
            self._seen[rank] = (now, time.monotonic())

    def absent(self) -> Failure | None:
        """The rank that others have waited for too long, if there is one."""
        late = time.monotonic() - self._patience
        waiting = [at for at, since in self._seen.values() if at.waiting and since < late]
        if not waiting:
            return None
        furthest = max(waiting, key=lambda at: at.meeting)
        for rank, (at, _) in sorted(self._seen.items()):
            if at.meeting < furthest.meeting:
                return Failure(
                    rank,
                    f"rank {rank} on {self._hosts[rank]} did not come: another rank has waited "
                    f"{self._patience:.0f} seconds for {furthest.waiting} (meeting "
                    f"{furthest.meeting}), and this one was last seen at meeting {at.meeting}",
                )
        return None
