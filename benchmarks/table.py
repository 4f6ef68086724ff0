"""The table: rows as Markdown, and its place in docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.group import Row, Unit

BEGIN = "<!-- measured: written by `make bench`, do not edit -->"
END = "<!-- end of measured -->"


def render(title: str, remarks: str, rows: Iterable[Row], machine: Mapping[str, str]) -> str:
    """One comparison as a section of Markdown."""
    lines = [f"### {title}", "", remarks, ""] if remarks else [f"### {title}", ""]
    lines += [
        "| what | stride | against | its time | ratio | bar | held |",
        "|---|--:|---|--:|--:|--:|---|",
    ]
    lines += [_line(row) for row in rows]
    lines += [
        "",
        "Measured: " + ", ".join(f"{key} {value}" for key, value in machine.items()) + ".",
    ]
    return "\n".join(lines) + "\n"


def place(page: Path, sections: Mapping[str, str]) -> None:
    """Put the sections between the markers of a page, in the order given.

    Raises:
        ValueError: the page has no markers.
    """
    text = page.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has no place for the table: {BEGIN}")
    page.write_text(before + BEGIN + "\n\n" + "\n".join(sections.values()) + "\n" + END + after)


def _line(row: Row) -> str:
    ratio = row.note or (f"**{row.ratio:.2f}**" if row.ratio is not None else "")
    bar = f"≤ {row.bar:g}" if row.bar is not None else ""
    if row.limit is not None:
        bar = f"≤ {figure(row.limit, row.unit)}"
    held = {True: "yes", False: "**no**", None: "not measured" if row.note else ""}[row.held]
    cells = [
        row.what,
        figure(row.stride_seconds, row.unit),
        row.peer,
        figure(row.peer_seconds, row.unit),
        ratio.replace("|", "\\|"),
        bar,
        held,
    ]
    return "| " + " | ".join(cells) + " |"


def figure(value: float | None, unit: Unit) -> str:
    """A duration, or megabytes."""
    if unit == "seconds":
        return duration(value)
    return "–" if value is None else f"{value / 1e6:.0f} MB"


def duration(seconds: float | None) -> str:
    """Three digits and the unit that fits: 3.21 µs, 45.6 ms, 1.20 s."""
    if seconds is None:
        return "–"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size or unit == "µs":
            value = seconds / size
            digits = 2 if value < 10 else 1 if value < 100 else 0
            return f"{value:.{digits}f} {unit}"
    raise AssertionError("unreachable")
