"""benchmarks.contestants.stall_watch: what a checkpoint costs, from the begins of the steps."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.contestants.stall_watch import StallWatch

_EVERY = 8
_STALL = 5.0  # seconds of the step with the checkpoint in it; of others 1.0, after it 1.5


class Rounds:
    """So many rounds; keeps the answers."""

    def __init__(self, count: int) -> None:
        self._left = count
        self.answers: list[float] = []

    def wait(self) -> bool:
        self._left -= 1
        return self._left >= 0

    def answer(self, seconds: float) -> None:
        self.answers.append(seconds)


def _answers(rounds: int, *, in_all: bool, written: Callable[[int], bool]) -> list[float]:
    line = Rounds(rounds)
    now = 0.0
    watch = StallWatch(
        line,
        every=_EVERY,
        steps_after=2,
        written=written,
        in_all=in_all,
        clock=lambda: now,
    )
    step = 0
    with pytest.raises(KeyboardInterrupt):
        while True:
            watch.step_begins()
            step += 1
            after = step % _EVERY
            now += _STALL if after == 0 else 1.5 if after <= 3 and step > _EVERY else 1.0
    return line.answers


def test_the_stall_is_the_step_with_the_checkpoint_less_a_usual_one() -> None:
    assert _answers(2, in_all=False, written=lambda step: True) == [_STALL - 1.0] * 2


def test_in_all_the_slower_steps_beside_the_writing_count_too() -> None:
    answers = _answers(2, in_all=True, written=lambda step: True)
    assert answers == [pytest.approx(_STALL + 2 * 1.5 - 3 * 1.0)] * 2


def test_a_round_lasts_until_the_checkpoint_is_written() -> None:
    asked: list[int] = []

    def written(step: int) -> bool:
        asked.append(step)
        return len(asked) % 3 == 0

    (answer,) = _answers(1, in_all=True, written=written)
    assert asked == [_EVERY] * 3
    assert answer == pytest.approx(_STALL + 3 * 1.5 + 1.0 - 5 * 1.0)


def test_checkpoints_too_close_to_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="hold no round"):
        StallWatch(Rounds(1), every=4, steps_after=2, written=lambda step: True, in_all=False)
