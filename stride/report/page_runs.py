"""The runs of a report page: a table in columns, each value stored once."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from stride.config.differences import ABSENT, flatten
from stride.config.differing_keys import differing_keys, short_names
from stride.files import decode_number
from stride.report.portrait import seconds_of
from stride.store.row import Row

_LONGEST = 2000
"""Characters of a text that the page takes; a longer one ends in an ellipsis."""
_MOST_SHOWN = 8
"""Columns of config keys that are shown at first."""
_MOST_METRICS = 3
"""Columns of metrics that are shown at first."""
_DIGITS = 6
"""Of a metric."""
_NO_METRICS = frozenset({"lr", "epoch", "step"})
"""Stand among the metrics of a row; the learning rate is a setting, and has a curve."""


class Shared:
    """Values that many runs have alike, each stored once; its place stands for it."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._places: dict[str, int] = {}

    def place(self, value: Any) -> int:
        """Where the value is, from 0."""
        text = json.dumps(value, sort_keys=True, default=str)
        if text not in self._places:
            self._places[text] = len(self.values)
            self.values.append(value)
        return self._places[text]


def build_table(rows: Sequence[Row]) -> dict[str, Any]:
    """What the table of the page shows.

    Returns:
        `columns`: each a dictionary of `key` (`run.status`, `metric.val_loss`, `best.val_loss`,
        `last.train_loss`, `config.seed`), `name`, `group`, whether it is `shown` at first, distinct
        `values`, and `codes`: for each run 0 where it has none, else 1 + the place of its value;
        of a config key also whether it only `follows` from the name of a thing.
        `common`: config keys and values that all runs share.
        `monitor`, `mode`: of the first monitor that most runs have; null where none has one.
    """
    flat = [flatten(row.settings or {}) for row in rows]
    readable = [leaves for row, leaves in zip(rows, flat, strict=True) if row.settings is not None]
    monitor, mode = _usual_monitor(rows)
    columns = [
        *_run_columns(rows),
        *_metric_columns(rows, monitor),
        *_config_columns(rows, flat, readable),
    ]
    return {
        "columns": columns,
        "common": _common(readable),
        "monitor": monitor,
        "mode": mode,
    }


def _run_columns(rows: Sequence[Row]) -> list[dict[str, Any]]:
    records = [row.record for row in rows]
    progress = [record.progress if record else None for record in records]
    tags = [list(row.labels.tags) if row.labels else [] for row in rows]
    notes = [row.labels.note if row.labels else "" for row in rows]
    found: dict[str, tuple[list[Any], bool]] = {
        "name": ([row.run.name for row in rows], True),
        "status": ([row.status for row in rows], True),
        "created": ([record.created if record else ABSENT for record in records], True),
        "epoch": ([p.epoch if p and p.epoch is not None else ABSENT for p in progress], True),
        "step": ([p.step if p and p.step is not None else ABSENT for p in progress], False),
        "seconds": ([_seconds(row) for row in rows], False),
        "tags": ([each or ABSENT for each in tags], any(tags)),
        "note": ([_cut(note) if note else ABSENT for note in notes], any(notes)),
    }
    return [_column(f"run.{k}", k, "run", values, on) for k, (values, on) in found.items()]


def _seconds(row: Row) -> Any:
    """How long the attempts of a run took, those that have ended."""
    known = [seconds_of(each) for each in (row.record.attempts if row.record else ())]
    ended = [seconds for seconds in known if seconds is not None]
    return round(sum(ended), 1) if ended else ABSENT


def _usual_monitor(rows: Sequence[Row]) -> tuple[str | None, str | None]:
    counts = Counter(
        (row.record.best[0].monitor, row.record.best[0].mode)
        for row in rows
        if row.record and row.record.best
    )
    return counts.most_common(1)[0][0] if counts else (None, None)


def _metric_columns(rows: Sequence[Row], monitor: str | None) -> list[dict[str, Any]]:
    """`metric.*`: at the best epoch by the first monitor, else the last; `best.*`, `last.*`."""
    at_best = [_at_best(row) for row in rows]
    best = [_best(row) for row in rows]
    last = [_last(row) for row in rows]
    names = list(dict.fromkeys(name for each in at_best for name in each))
    names.sort(key=lambda name: (name != monitor, not name.startswith("val_")))
    telling = [name for name in names if name == monitor or name.startswith("val_")]
    shown = frozenset((telling or names)[:_MOST_METRICS])
    columns = [_column(f"metric.{n}", n, "metric", _pick(at_best, n), n in shown) for n in names]
    for name in dict.fromkeys(name for each in best for name in each):
        column = _pick(best, name)
        columns.append(_column(f"best.{name}", f"best {name}", "best", column, name not in shown))
    for name in dict.fromkeys(name for each in last for name in each):
        columns.append(_column(f"last.{name}", f"last {name}", "last", _pick(last, name), False))
    return columns


def _at_best(row: Row) -> dict[str, float | str]:
    if row.record is None or not row.record.best:
        return _last(row)
    first = row.record.best[0]
    return _numbers({**first.metrics, first.monitor: first.value})


def _best(row: Row) -> dict[str, float | str]:
    records = row.record.best if row.record else ()
    return {each.monitor: _rounded(each.value) for each in records}


def _last(row: Row) -> dict[str, float | str]:
    return _numbers(row.record.last if row.record else {})


def _numbers(metrics: Mapping[str, float | str]) -> dict[str, float | str]:
    return {name: _rounded(value) for name, value in metrics.items() if name not in _NO_METRICS}


def _pick(found: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    return [each.get(name, ABSENT) for each in found]


def _config_columns(
    rows: Sequence[Row],
    flat: Sequence[Mapping[str, Any]],
    readable: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    found = differing_keys(readable, {key for row in rows for key in row.chosen})
    keys = [*found.telling, *found.following]
    short = short_names(keys)
    shown = frozenset([*found.telling][:_MOST_SHOWN])
    return [
        _column(f"config.{key}", short[key], "config", _pick(flat, key), key in shown)
        | {"follows": key in found.following}
        for key in keys
    ]


def _common(flat: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if not flat:
        return {}
    differ = {key for leaves in flat for key in leaves} - set(flat[0])
    first = flat[0]
    differ |= {k for leaves in flat for k in first if leaves.get(k, ABSENT) != first[k]}
    return {key: short_value(value) for key, value in first.items() if key not in differ}


def _column(key: str, name: str, group: str, values: Sequence[Any], shown: bool) -> dict[str, Any]:
    shared = Shared()
    codes = [0 if v is ABSENT else 1 + shared.place(short_value(v)) for v in values]
    return {
        "key": key,
        "name": name,
        "group": group,
        "shown": shown,
        "values": shared.values,
        "codes": codes,
    }


def _rounded(value: float | str) -> float | str:
    """A metric with as many digits as are shown; nan and the infinities as text."""
    number = decode_number(value)
    if not math.isfinite(number):
        return str(number)
    return float(f"{number:.{_DIGITS}g}")


def short_value(value: Any) -> Any:
    """A value as the page takes it: long texts are cut, numbers are JSON."""
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {_cut(str(key)): short_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [short_value(item) for item in value]
    return value


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
