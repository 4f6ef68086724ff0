"""Labels of runs: the address, and the settings in which a run differs from the others."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from stride.config.differences import ABSENT, flatten
from stride.config.differing_keys import differing_keys, short_names
from stride.config.identity import is_unchanging
from stride.store.row import Row

_MOST_KEYS = 3
_LONGEST_VALUE = 24


def run_labels(rows: Sequence[Row]) -> list[str]:
    """A label each: `exp/2  lr=0.01`; the number alone stands for a run of the only experiment."""
    several = len({row.run.work_dir for row in rows}) > 1
    names = [row.run.address if several else row.run.name for row in rows]
    settings = differing_settings(rows)
    return [
        f"{name}  {words}" if words else name for name, words in zip(names, settings, strict=True)
    ]


def differing_settings(rows: Sequence[Row], except_keys: Collection[str] = ()) -> list[str]:
    """Of each the settings in which it differs from another, few and in words; "" where in none.

    Args:
        except_keys: dotted keys that are not told.
    """
    leaves = [flatten(row.settings or {}) for row in rows]
    chosen = {key for row in rows for key in row.chosen}
    found = differing_keys(leaves, chosen).telling
    telling = [key for key in found if key not in except_keys and not is_unchanging(key)]
    keys = telling[:_MOST_KEYS]
    short = short_names(keys)
    return [
        " ".join(f"{short[key]}={value_text(found[key][place])}" for key in keys)
        for place in range(len(rows))
    ]


def value_text(value: Any) -> str:
    """A setting on one line, cut where it is long; `-` for a key that a run does not have."""
    if value is ABSENT:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
