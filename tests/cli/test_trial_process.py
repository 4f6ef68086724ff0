"""A trial's process: how a machine is shared out among several."""

from __future__ import annotations

from stride.cli.trial_process import cores, slot_variables


def test_one_training_has_the_whole_machine() -> None:
    assert slot_variables(1, 0, 1, 4, {}) == {}


def test_cores_are_shared_out_unless_a_person_has_done_it() -> None:
    assert slot_variables(2, 0, 1, 0, {}) == {"OMP_NUM_THREADS": str(max(1, cores() // 2))}
    assert slot_variables(2, 0, 1, 0, {"OMP_NUM_THREADS": "3"}) == {}


def test_gpus_are_dealt_out_in_turn() -> None:
    own = {"OMP_NUM_THREADS": "1"}
    dealt = [slot_variables(4, place, 1, 2, own)["CUDA_VISIBLE_DEVICES"] for place in range(4)]
    assert dealt == ["0", "1", "0", "1"]
    pairs = [slot_variables(2, place, 2, 4, own)["CUDA_VISIBLE_DEVICES"] for place in range(2)]
    assert pairs == ["0,1", "2,3"]
    chosen = {**own, "CUDA_VISIBLE_DEVICES": "5,7"}
    assert slot_variables(2, 1, 1, 8, chosen) == {"CUDA_VISIBLE_DEVICES": "7"}
    assert slot_variables(2, 1, 1, 1, own) == {}
