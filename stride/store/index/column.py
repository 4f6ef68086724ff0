"""A column of a table of runs, dictionary-coded: a small number a run, and each value once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from stride.config.differences import ABSENT

MISSING: Final = ABSENT
"""What a run does not have; null, which JSON has, is None."""


@dataclass(frozen=True, slots=True)
class Column:
    """What each run has under one name.

    Attributes:
        codes: one a run: the place of its value in `values`; 0 where it has none.
        values: distinct values, of which JSON tells two apart (1 and 1.0 are two); the first is
            MISSING. Not every one need be some run's.
    """

    codes: Sequence[int]
    values: Sequence[Any]

    def __len__(self) -> int:
        return len(self.codes)

    def value(self, row: int) -> Any:
        """What the run of a row has, or MISSING."""
        return self.values[self.codes[row]]
