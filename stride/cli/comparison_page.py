"""The page of `stride diff`: runs side by side, in lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stride.cli.listing import CHANGED, CHANGED_NOTE
from stride.cli.page import wrapped
from stride.cli.table import Cell, Column, draw_grouped
from stride.cli.terminal import Terminal
from stride.cli.text import harmless
from stride.cli.value import (
    NOTHING,
    digest_text,
    duration_text,
    metric_text,
    size_text,
    value_text,
)
from stride.config.differences import ABSENT
from stride.config.differing_keys import DifferingKeys, following_text
from stride.report.comparison import SECONDS, SECTIONS, UNRECORDED, Comparison, Values
from stride.store.row import Row


def draw_comparison(
    comparison: Comparison,
    shown: Mapping[str, Values],
    rows: tuple[Row, ...],
    folded: DifferingKeys | None,
    terminal: Terminal,
) -> Iterator[str]:
    """One table over all sections: the runs stand in the same columns from top to bottom.

    Args:
        shown: of each section the names to show.
        rows: the runs, in the order of the columns.
        folded: the config keys of which those that only follow are counted; None to show all.
    """
    change = len(comparison.addresses) == 2
    columns = [Column(""), *(Column(harmless(address)) for address in comparison.addresses)]
    if change:
        columns.append(Column("change", right=True))
    visible = {
        section: values if folded is None else _worth_showing(section, values, folded)
        for section, values in shown.items()
    }
    table: list[list[Cell] | str] = []
    for section in (name for name in SECTIONS if visible[name]):
        table.append(section)
        for name, values in visible[section].items():
            cells = [*_cells(section, name, values, rows)]
            table.append([*cells, _change(section, name, values)] if change else cells)
    yield from draw_grouped(columns, table, terminal)
    notes = [] if folded is None else [*_notes(comparison, visible, folded)]
    notes += _missing(comparison)
    if any(cell.text.endswith(CHANGED) for row in table if isinstance(row, list) for cell in row):
        notes.append(CHANGED_NOTE)
    if notes:
        yield ""
        yield from (line for note in notes for line in wrapped(note, terminal, hanging=2))


def _worth_showing(section: str, values: Values, folded: DifferingKeys) -> Values:
    """Without the keys that only follow, and what differs in no way that a reader sees."""
    if section == "config":
        return folded.telling
    if section != "machine":
        return values
    texts = {name: [_text(section, name, value) for value in each] for name, each in values.items()}
    # A kernel may count some bytes of memory more or less after a restart.
    return {name: each for name, each in values.items() if len(set(texts[name])) > 1}


def _cells(
    section: str, name: str, values: tuple[Any, ...], rows: tuple[Row, ...]
) -> Iterator[Cell]:
    """The name, and what each run has; in the config, what nobody chose stands back."""
    shown = "took" if (section, name) == ("results", SECONDS) else name
    yield Cell(f"  {harmless(shown)}", "cyan")
    for row, value in zip(rows, values, strict=True):
        text = _text(section, name, value)
        of_config = section == "config" and value is not ABSENT
        mark = CHANGED if of_config and name in row.changed else ""
        dim = text == NOTHING or (of_config and name not in row.chosen)
        yield Cell(text + mark, "dim" if dim else "")


def _text(section: str, name: str, value: Any) -> str:
    """A value for a person: bytes as sizes, digests short, lists in words."""
    if value is UNRECORDED:
        return ""
    if value is ABSENT or (value is None and section != "config"):
        return NOTHING
    if section == "results":
        if name == SECONDS and isinstance(value, float):
            return duration_text(value)
        return metric_text(value) if isinstance(value, float) else value_text(value)
    if section == "machine" and name == "memory" and isinstance(value, int):
        return size_text(value)
    if section == "machine" and isinstance(value, list):
        return harmless(", ".join(map(str, value))) or "none"
    return digest_text(value_text(value)) if section in ("code", "data") else value_text(value)


def _change(section: str, name: str, values: tuple[Any, ...]) -> Cell:
    """How far a result moved from the first run to the second."""
    first, second = values
    if (
        section != "results"
        or name == SECONDS
        or not isinstance(first, float)
        or not isinstance(second, float)
    ):
        return Cell("")
    return Cell(f"{second - first:+.4f}")


def _notes(
    comparison: Comparison, visible: Mapping[str, Values], folded: DifferingKeys
) -> Iterator[str]:
    """What the table does not show: keys that only follow, and what is the same."""
    if folded.following:
        yield f"also differ in config: {harmless(following_text(folded))}; --all shows them"
    unknown = {section: len(runs) for section, runs in comparison.unknown.items()}
    agreeing = [section for section in SECTIONS if not visible[section]]
    if in_all := [section for section in agreeing if not unknown[section]]:
        yield f"the same in all: {', '.join(in_all)}"
    several = range(1, len(comparison.addresses) - 1)
    if in_some := [section for section in agreeing if unknown[section] in several]:
        yield f"the same in all that have it: {', '.join(in_some)}"


def _missing(comparison: Comparison) -> Iterator[str]:
    """Of which runs something is not recorded; those that lack the same share a line."""
    runs: dict[str, list[str]] = {}
    for address in comparison.addresses:
        sections = [name for name in SECTIONS if address in comparison.unknown[name]]
        if sections:
            runs.setdefault(", ".join(sections), []).append(harmless(address))
    for sections_text, addresses in runs.items():
        all_of_them = len(addresses) == len(comparison.addresses)
        whose = "" if all_of_them else f" for {', '.join(addresses)}"
        yield f"not recorded{whose}: {sections_text}"
