"""Names of files in an archive: what leads out of a run, or clashes on some system, is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.store.archive.member_names import belongs_here, refusal


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../other/run.json",
        "logs/../../x",
        "logs//x",
        "./run.json",
        "logs/.",
        "logs/..",
        "logs/",
        "C:/x",
        "c:x",
        "logs\\x",
        "..\\x",
        "a\0b",
        "a\nb",
        "a\x1bb",
        "x" * 256,
        "/".join(["x" * 200] * 6),
        "\ud800",
    ],
)
def test_a_name_that_leads_out_or_is_none_elsewhere_is_refused(name: str) -> None:
    assert "leads out of a run" in (refusal([name]) or "")


@pytest.mark.parametrize(
    "name",
    [
        ".attempt.lock",
        ".Attempt.Lock",
        ".labels.lock",
        ".stop-request",
        ".removed.json",
        "imported.json",
        "IMPORTED.json",
        "logs/.tmp-metrics.csv-1-a",
    ],
)
def test_what_belongs_to_a_run_only_where_that_is_is_refused(name: str) -> None:
    assert belongs_here(name)
    assert "belongs to a run only where that is" in (refusal([name]) or "")


@pytest.mark.parametrize(
    "names",
    [
        ["a", "a"],
        ["a", "A"],
        ["logs/a", "Logs/b"],
        ["logs", "logs/a"],
        ["logs/a", "logs"],
        ["logs/a", "LOGS"],
        ["LOGS", "logs/a"],
        ["caf\u00e9", "cafe\u0301"],
        ["stra\u00dfe", "STRASSE"],
    ],
)
def test_two_names_that_some_system_takes_for_one_are_refused(names: list[str]) -> None:
    assert refusal(names) is not None


def test_ordinary_names_are_taken() -> None:
    names = [
        "run.json",
        "config.json",
        "logs/metrics.csv",
        "logs/tensorboard/events.out.1",
        "checkpoints/step-00000010/weights/best.safetensors",
        "results/a figure (2).svg",
        "results/2026-01-01T10:00:00.json",
        "provenance/untracked/.flake8",
        "provenance/untracked/caf\u00e9.py",
    ]
    assert refusal(names) is None


@given(st.lists(st.one_of(st.text("aAbB/.", max_size=5), st.text(max_size=12)), max_size=5))
def test_what_is_taken_stays_inside_and_is_distinct(names: list[str]) -> None:
    if refusal(names) is not None:
        return
    root = Path("/run")
    paths = [(root / name) for name in names]
    assert all(path.is_relative_to(root) and ".." not in path.parts for path in paths)
    assert all(path != root for path in paths)
    assert len({str(path).casefold() for path in paths}) == len(names)
    assert not any(one in other.parents for one in paths for other in paths)
