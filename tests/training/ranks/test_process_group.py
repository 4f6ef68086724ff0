"""Several real processes: what they add and say, and that they end together."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import reduce
from pathlib import Path

import pytest

from tests.training.ranks.own_ranks import NUMBERS
from tests.training.ranks.together import Ended, together

_TOGETHER = Path(__file__).with_name("together.py")


def _talked(tmp_path: Path, ranks: int) -> dict:
    """What rank 0 heard; the others heard the same."""
    ended = together(tmp_path, "talk", ranks)
    assert [(one.code, one.errors) for one in ended] == [(0, "")] * ranks
    answers = [one.answer for one in ended]
    assert [answer.pop("place") for answer in answers] == [
        [rank, ranks, rank, 1, rank == 0] for rank in range(ranks)
    ]
    assert answers == [answers[0]] * ranks
    return answers[0]


@pytest.mark.parametrize("ranks", [3, 5])
def test_numbers_are_added_in_the_order_of_ranks_with_the_same_bits_on_each(ranks, tmp_path):
    heard = _talked(tmp_path, ranks)

    columns = zip(*NUMBERS[:ranks], strict=True)
    added = [reduce(lambda one, other: one + other, column) for column in columns]
    assert heard["numbers"] == [float(number).hex() for number in added]
    assert heard["short"] == {"rank": 0, "nan": "nan"}
    assert heard["long"] == 5000
    assert heard["all"] == [1000 * rank for rank in range(ranks)]
    assert heard["broadcast"] == [[0.0, 0.0, 0.0], True, []]
    assert heard["cause"] == "mine"


def test_tensors_are_added_with_the_same_bits_on_each_rank(tmp_path):
    ended = together(tmp_path, "add", 3)

    assert [one.code for one in ended] == [0, 0, 0], ended[0].errors
    close, digests = ended[0].answer
    assert all(close)
    assert [one.answer[1] for one in ended] == [digests] * 3


def _check_ended(ended: list[Ended], reason: str, *, but: int) -> None:
    """All but one ended, in time and with the reason."""
    for rank, one in enumerate(ended):
        if rank != but:
            assert one.code == 1
            assert re.search(reason, one.errors), one.errors


def test_a_rank_that_raises_ends_the_others_out_of_a_meeting_with_its_message(tmp_path):
    ended = together(tmp_path, "fail", 3, "meeting")

    _check_ended(ended, r"RankFailedError: rank 1 on \S+ failed: ValueError: no such thing", but=1)
    assert ended[1].errors.rstrip().endswith("ValueError: no such thing")


def test_a_rank_that_raises_ends_those_too_that_do_something_else_after_their_last_words(tmp_path):
    ended = together(tmp_path, "fail", 2, "busy")

    _check_ended(ended, r"rank 1 on \S+ failed: ValueError: no such thing; this rank", but=1)
    assert "own_ranks.py" in ended[0].errors
    assert re.fullmatch(r"rank 1 on \S+ failed: ValueError: no such thing", ended[0].answer)


@pytest.mark.parametrize(("whose", "others"), [(1, "meeting"), (0, "busy")])
def test_a_rank_that_is_killed_ends_the_others_also_where_its_worker_lives_on(
    whose, others, tmp_path
):
    ended = together(tmp_path, "die", 2, others, whose)

    _check_ended(ended, rf"rank {whose} on \S+ ended without a word: it was killed", but=whose)
    assert ended[whose].code == -9


def test_a_rank_that_does_not_come_ends_all_and_says_where_it_was(tmp_path):
    ended = together(tmp_path, "hang", 3)

    _check_ended(ended, r"rank 1 on \S+ did not come: .* waited 1 seconds for a barrier", but=-1)
    assert re.search(
        r"this rank is ended, which was at .*own_ranks\.py:\d+ \(hang\)", ended[1].errors
    )


def test_ranks_that_are_asked_to_stop_end_by_that_error(tmp_path):
    ended = together(tmp_path, "stop", 2)

    assert [one.code for one in ended] == [1, 1]
    for one in ended:
        assert one.errors.rstrip().endswith("StoppedError: asked to stop")


def test_torchrun_starts_ranks():
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--standalone", str(_TOGETHER), "talk"]
    root = _TOGETHER.parents[3]

    ended = subprocess.run(
        command, cwd=root, env=dict(os.environ), capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count('"numbers"') == 2
