"""A line of run.log, and the record that it and the indented lines after it make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

_RECORD = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\S+) (?P<level>[A-Z]+) (?P<host>\S+) rank(?P<rank>\d+) "
    r"(?P<module>\S+): (?P<message>.*)"
)
_INDENT = "    "


@dataclass(frozen=True)
class LogLine:
    """A record of the log; a line that is none has only a message."""

    message: str
    time: str | None = None
    level: str | None = None
    host: str | None = None
    rank: int | None = None
    module: str | None = None

    @classmethod
    def parse(cls, text: str) -> LogLine:
        """Take a line apart."""
        found = _RECORD.fullmatch(text)
        if found is None:
            return cls(text)
        return cls(
            message=found["message"],
            time=found["time"],
            level=found["level"],
            host=found["host"],
            rank=int(found["rank"]),
            module=found["module"],
        )

    @property
    def fields(self) -> dict[str, Any]:
        """The fields for JSON."""
        return {
            "time": self.time,
            "level": self.level,
            "host": self.host,
            "rank": self.rank,
            "module": self.module,
            "message": self.message,
        }


def read_entries(texts: Iterable[str]) -> Iterator[LogLine]:
    """Put the records of some lines together; the last one ends with them."""
    entry: LogLine | None = None
    for text in texts:
        line = LogLine.parse(text)
        if entry is not None and line.time is None and text.startswith(_INDENT):
            entry = replace(entry, message=f"{entry.message}\n{text.removeprefix(_INDENT)}")
            continue
        if entry is not None:
            yield entry
        entry = line
    if entry is not None:
        yield entry
