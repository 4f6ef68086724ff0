"""The process that trains alone, and who is missed among several."""

from __future__ import annotations

import math
import socket

import pytest
import torch

from stride.errors import RankFailedError
from stride.training.ranks.environment import RankPlace
from stride.training.ranks.meetings import Attendance, Whereabouts
from stride.training.ranks.process_group import join
from stride.training.ranks.ranks import ONE
from stride.training.ranks.rendezvous import meet


def test_who_trains_alone_hears_what_it_says():
    tensor = torch.ones(2)
    ONE.sum_tensors([tensor])
    ONE.broadcast_tensors([tensor])
    ONE.barrier()
    error = ValueError("mine")

    assert tensor.tolist() == [1, 1]
    assert [number.hex() for number in ONE.sum_numbers([0.1, -0.0])] == [(0.1).hex(), "-0x0.0p+0"]
    assert ONE.gather({"steps": (1, 2)}) == [{"steps": [1, 2]}]
    assert math.isnan(ONE.broadcast(math.nan))
    assert ONE.cause(error) is error
    assert (ONE.is_first, ONE.rank, ONE.world_size, ONE.local_rank, ONE.nodes) == (True, 0, 1, 0, 1)


def test_what_no_message_can_hold_is_refused_alone_too():
    with pytest.raises(TypeError):
        ONE.broadcast(object())


def test_one_rank_of_a_launcher_trains_alone():
    place = RankPlace(0, 1, 0, 1, "nowhere.invalid", 1, "torchrun")
    with join(place, torch.device("cpu")) as ranks:
        assert ranks is ONE


def test_the_rank_that_is_missed_is_the_one_that_others_wait_for():
    attendance = Attendance({0: "a", 1: "b", 2: "c"}, patience=-1.0)
    assert attendance.absent() is None  # nobody waits
    attendance.update(0, Whereabouts(7, "a barrier"))
    attendance.update(1, Whereabouts(7, "a barrier"))
    attendance.update(2, Whereabouts(7, "a barrier"))
    assert attendance.absent() is None  # all are there
    attendance.update(2, Whereabouts(6))

    absent = attendance.absent()

    assert absent is not None
    assert absent.rank == 2
    assert absent.sentence.startswith("rank 2 on c did not come: another rank has waited")


def test_a_rank_that_never_comes_is_waited_for_so_long_and_no_longer():
    with socket.socket() as holding:  # the port is nobody else's, and a rank can listen there
        holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holding.bind(("127.0.0.1", 0))
        port = holding.getsockname()[1]
        place = RankPlace(0, 2, 0, 1, "127.0.0.1", port, "torchrun")
        with (
            pytest.raises(
                RankFailedError, match=f"2 ranks did not meet at 127.0.0.1:{port} within"
            ),
            meet(place, meeting_seconds=0.5),
        ):
            pass
