"""The format of a stored config: its number, and the steps from older formats to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

FORMAT: Final = 1
"""The format that this stride writes."""

Tree = dict[str, Any]
Migrations = Mapping[int, Callable[[Tree], Tree]]

MIGRATIONS: Final[Migrations] = {}
"""By the format that it reads: one small step to the next. Format 1 is the first: there is none."""
