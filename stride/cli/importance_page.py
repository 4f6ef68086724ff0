"""The page of `stride importance`: keys, how much they explain, and the metric for their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stride.cli.neighbours_page import small_text
from stride.cli.page import wrapped
from stride.cli.table import Cell, Column, draw_table
from stride.cli.terminal import Terminal
from stride.cli.text import harmless, shortened
from stride.cli.value import NOTHING, metric_text, value_text
from stride.config.differences import ABSENT
from stride.config.differing_keys import governed_by, is_name, short_names
from stride.report.importance import Importance, KeyImportance, Method
from stride.report.measured import Measured
from stride.report.value_means import ValueMean

_METHODS = {
    Method.FANOVA: "share of the variance that each key explains alone (fANOVA)",
    Method.PED_ANOVA: "how much the best runs prefer certain values of each key (PED-ANOVA)",
}
_BAR = 10
"""Columns of the bar of a key that explains all."""
_WIDEST_VALUE = 40
_NEGLIGIBLE = 0.01
_MOST_KEYS = 12
_NAMED = 4


def draw_importance(
    measured: Measured, read: Importance, mode: str | None, terminal: Terminal
) -> Iterator[str]:
    """The lines."""
    better = {"min": ", less is better", "max": ", more is better"}.get(mode or "", "")
    heading = f"{harmless(measured.name)} of {len(read.rows)} runs{better}: {_METHODS[read.method]}"
    yield from wrapped(heading, terminal, hanging=2)
    yield ""
    shown = [
        each
        for place, each in enumerate(read.keys)
        if terminal.width is None or (place < _MOST_KEYS and each.share >= _NEGLIGIBLE)
    ]
    short = short_names([key for each in read.keys for key in (each.key, *each.together)])
    columns = [
        Column("key"),
        Column("share", right=True),
        Column(""),
        Column("value"),
        Column(harmless(measured.name), right=True),
        Column("±", right=True),
        Column("n", right=True),
    ]
    rows = [row for each in shown for row in _rows(each, short[each.key], mode)]
    yield from draw_table(columns, rows, terminal)
    notes = [*_notes(measured, read, shown, short)]
    yield ""
    yield from (line for note in notes for line in wrapped(harmless(note), terminal, hanging=2))


def _rows(each: KeyImportance, name: str, mode: str | None) -> Iterator[list[Cell]]:
    """The key and its share beside its first value; the other values below."""
    means = [value.mean.value for value in each.values]
    best = None if mode is None else min(means) if mode == "min" else max(means)
    for place, value in enumerate(each.values):
        mean = value.mean
        beginning = [Cell(""), Cell(""), Cell("")]
        if place == 0:
            bar = "▪" * round(_BAR * each.share)
            beginning = [
                Cell(harmless(name), "cyan"),
                Cell(f"{each.share:.0%}", "bold"),
                Cell(bar, "blue"),
            ]
        yield [
            *beginning,
            Cell(harmless(shortened(_value(value), _WIDEST_VALUE))),
            Cell(metric_text(mean.value), "green" if mean.value == best else ""),
            Cell("" if mean.error is None else small_text(mean.error), "dim"),
            Cell(str(mean.n), "dim"),
        ]


def _value(value: ValueMean) -> str:
    text = NOTHING if value.value is ABSENT else value_text(value.value)
    return text if value.until is None else f"{text} to {value_text(value.until)}"


def _notes(
    measured: Measured, read: Importance, shown: list[KeyImportance], short: Mapping[str, str]
) -> Iterator[str]:
    for each in shown:
        own = _arguments(each)
        others = [short[key] for key in each.together if key not in own]
        if others:
            yield f"{short[each.key]} always changes together with {_some(others)}: it may be any"
        if own:
            with_it = _some([short[key] for key in own])
            yield f"{short[each.key]} stands for what it names, with {with_it}"
    if len(shown) < len(read.keys):
        rest = [short[each.key] for each in read.keys if each not in shown]
        yield f"explain next to nothing: {_some(rest)}"
    if read.method is Method.FANOVA:
        explained = sum(each.share for each in read.keys)
        yield (
            f"all keys, each alone, explain {explained:.0%}; the rest is what they do jointly, and"
            " chance"
        )
    repeats = (
        ""
        if read.repeats is None
        else (f"; runs that differ in the seed alone spread by {small_text(read.repeats)}")
    )
    yield f"the runs spread by {small_text(read.spread)} (standard deviation){repeats}"
    if read.left_out:
        yield f"left out, another value in nearly every run: {_some(read.left_out)}"
    if read.without_value:
        names = [measured.table.names[row] for row in read.without_value]
        yield f"left out, without a finite {measured.name}: {_some(names)}"
    yield from read.notes


def _arguments(each: KeyImportance) -> list[str]:
    """The keys that change with a name since they are arguments of what it names."""
    if not is_name(each.key):
        return []
    return [key for key in each.together if key.startswith(governed_by(each.key))]


def _some(names: list[str] | tuple[str, ...]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
