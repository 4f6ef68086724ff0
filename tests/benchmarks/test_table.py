"""benchmarks.table: rows as Markdown, and their place in a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.group import Row
from benchmarks.table import BEGIN, END, duration, place, render


def test_a_row_says_what_was_measured_against_whom_and_whether_it_held() -> None:
    rows = [
        Row("creating a run", "bare write", 3e-3, 2e-3, 2.0),
        Row("creating a run", "other", 3e-3, None, 0.3, "other: not installed"),
    ]
    text = render("Creating", "Durable.", rows, {"python": "3.11"})
    assert "| creating a run | 3.00 ms | bare write | 2.00 ms | **1.50** | ≤ 2 | yes |" in text
    assert "| other | – | other: not installed | ≤ 0.3 | not measured |" in text


def test_a_limit_stands_in_the_place_of_the_bar() -> None:
    rows = [Row("pause", "plain loop", 1e-3, 2e-2, None, limit=5e-3)]
    text = render("Pauses", "", rows, {})
    assert "| pause | 1.00 ms | plain loop | 20.0 ms | **0.05** | ≤ 5.00 ms | yes |" in text


def test_memory_is_told_in_megabytes() -> None:
    rows = [Row("listing", "other", 71e6, 142e6, None, limit=300e6, unit="bytes")]
    text = render("Memory", "", rows, {})
    assert "| listing | 71 MB | other | 142 MB | **0.50** | ≤ 300 MB | yes |" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.345, "2.35 s"), (0.0456, "45.6 ms"), (3.21e-6, "3.21 µs"), (4e-8, "0.04 µs"), (None, "–")],
)
def test_a_duration_has_three_digits_and_the_unit_that_fits(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_tables_replace_what_was_between_the_markers_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    place(page, {"one": "first\n", "two": "second\n"})
    place(page, {"one": "first\n", "two": "second\n"})
    assert page.read_text() == f"before\n{BEGIN}\n\nfirst\n\nsecond\n\n{END}\nafter\n"


def test_a_page_without_the_markers_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("text\n")
    with pytest.raises(ValueError, match="no place for the table"):
        place(page, {})
