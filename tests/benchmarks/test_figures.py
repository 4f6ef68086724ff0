"""benchmarks.contestants.figures: the seconds of an epoch, or its longest collection."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from benchmarks.contestants.figures import LongestPause, Stopwatch, figure_of


@pytest.fixture(autouse=True)
def _callbacks_as_before() -> Iterator[None]:
    before = list(gc.callbacks)
    yield
    gc.callbacks[:] = before


def test_a_collection_among_the_steps_is_seen_and_one_after_them_is_not() -> None:
    figure = LongestPause(objects=1_000)
    figure.begin()
    gc.collect()
    figure.end_of_steps()
    longest = figure.end()
    assert longest > 0
    figure.begin()
    figure.end_of_steps()
    gc.collect()
    assert figure.end() < longest


def test_the_frame_chooses_the_figure() -> None:
    assert isinstance(figure_of({}), Stopwatch)
    assert isinstance(figure_of({"pauses_among": 0}), LongestPause)


def test_a_stopwatch_gives_seconds() -> None:
    figure = Stopwatch()
    figure.begin()
    figure.end_of_steps()
    assert figure.end() > 0
