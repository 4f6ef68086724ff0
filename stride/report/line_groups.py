"""Groups of runs: each is one line of a plot, of one run or of several that are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stride.config.differences import ABSENT, flatten
from stride.config.identity import is_unchanging
from stride.config.nearest import nearest
from stride.errors import UsageError
from stride.report.curves import Curves
from stride.report.run_labels import differing_settings, run_labels
from stride.store.row import Row

_CONFIG = "config"
_SEED = "seed"


@dataclass(frozen=True)
class LineGroup:
    """Runs that are one line a metric."""

    label: str
    members: list[Curves]


def line_groups(
    rows: Sequence[Row], curves: Sequence[Curves], group_by: Sequence[str]
) -> list[LineGroup]:
    """Put runs together that are equal in some config keys; without keys each is a group.

    Args:
        curves: of the same runs.
        group_by: names of keys; `config` stands for all that can change a result but the seed.

    Raises:
        UsageError: no run has such a key, or a name fits several.
    """
    if not group_by:
        return [
            LineGroup(label, [each]) for label, each in zip(run_labels(rows), curves, strict=True)
        ]
    flat = [flatten(row.settings or {}) for row in rows]
    known = dict.fromkeys(key for leaves in flat for key in leaves)
    keys = [key for name in group_by for key in _keys_of(name, known)]
    alike: dict[str, list[int]] = {}
    for place, leaves in enumerate(flat):
        values = [_plain(leaves.get(key, ABSENT)) for key in keys]
        alike.setdefault(repr(values), []).append(place)
    firsts = [rows[places[0]] for places in alike.values()]
    words = differing_settings(firsts, [key for key in known if key not in keys])
    return [
        LineGroup(_group_label(said, [rows[p] for p in places]), [curves[p] for p in places])
        for said, places in zip(words, alike.values(), strict=True)
    ]


def _plain(value: Any) -> Any:
    """1.0 is 1, as in `stride.config.differences.same`; true is not."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _group_label(words: str, rows: Sequence[Row]) -> str:
    several = len({row.run.work_dir for row in rows}) > 1
    names = [row.run.address if several else row.run.name for row in rows]
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    who = f"{'run' if len(names) == 1 else 'runs'} {shown}"
    return f"{words}  ({who})" if words else who


def _keys_of(name: str, known: Mapping[str, None]) -> list[str]:
    """Config keys by a dotted name, by an end that only one has, or all that count as `config`.

    Raises:
        UsageError: there is none, or several.
    """
    if name == _CONFIG:
        return [key for key in known if key != _SEED and not is_unchanging(key)]
    name = name.removeprefix(f"{_CONFIG}.")
    if name in known:
        return [name]
    ending = [key for key in known if key.endswith(f".{name}")]
    if len(ending) == 1 or not known:
        return ending
    if ending:
        raise UsageError(f"--group-by {name} may be {' or '.join(ending)}; give the whole key")
    near = nearest(name, [_CONFIG, *known])
    meant = f"; did you mean {near}?" if near else ""
    raise UsageError(f"--group-by {name}: no run has such a config key{meant}")
