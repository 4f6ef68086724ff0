"""Where a launcher put a process: what is found in the environment, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.errors import ConfigError
from stride.training.ranks.environment import LAUNCHED_BY, RankPlace, find_ranks, first_host

TORCHRUN = {
    "RANK": "5",
    "WORLD_SIZE": "8",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "4",
    "MASTER_ADDR": "node03",
    "MASTER_PORT": "29500",
}
SLURM = {
    "SLURM_JOB_ID": "77",
    "SLURM_STEP_ID": "0",
    "SLURM_PROCID": "2",
    "SLURM_NTASKS": "3",
    "SLURM_LOCALID": "0",
    "SLURM_NODELIST": "node[03-05]",
    "SLURM_NNODES": "3",
}


def test_a_process_that_nobody_launched_trains_alone():
    assert find_ranks({}) is None
    assert find_ranks({"WORLD_SIZE": "2", "MASTER_ADDR": "left over"}) is None


def test_what_torchrun_sets_is_found_by_itself():
    place = RankPlace(5, 8, 1, 2, "node03", 29500, "torchrun")

    assert find_ranks(TORCHRUN) == place
    assert find_ranks(TORCHRUN | SLURM) == place
    assert str(place) == "rank 5 of 8 on 2 nodes, started by torchrun"
    elastic = {"TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "3"}
    assert find_ranks(TORCHRUN | elastic | {LAUNCHED_BY: "stride"}) == RankPlace(
        5, 8, 1, 2, "node03", 29500, "stride", meeting_is_kept=True, start=3
    )


def test_what_slurm_sets_is_used_where_it_is_asked_for():
    place = find_ranks(SLURM, "slurm")

    assert place is not None
    assert (place.rank, place.world_size, place.local_rank, place.nodes) == (2, 3, 0, 3)
    assert (place.address, place.launcher) == ("node03", "slurm")
    assert place.port == find_ranks(SLURM | {"SLURM_PROCID": "0"}, "slurm").port
    assert place.port != find_ranks(SLURM | {"SLURM_STEP_ID": "1"}, "slurm").port
    assert find_ranks(SLURM | {"MASTER_PORT": "4242"}, "slurm").port == 4242


def test_several_tasks_of_slurm_without_a_launcher_are_refused_but_a_job_script_is_not():
    with pytest.raises(ConfigError, match=r"SLURM started 3 tasks, .* say --launcher slurm"):
        find_ranks(SLURM)
    assert find_ranks(SLURM | {"SLURM_STEP_NUM_TASKS": "1"}) is None
    assert find_ranks({name: value for name, value in SLURM.items() if "STEP" not in name}) is None


@pytest.mark.parametrize(
    ("environ", "launcher", "sentence"),
    [
        ({}, "slurm", "srun sets .* but here .* are not set: start the training with srun"),
        ({}, "torchrun", "torchrun sets RANK, .* are not set"),
        (TORCHRUN | {"MASTER_PORT": ""}, None, "MASTER_PORT is not set"),
        (TORCHRUN | {"RANK": "8"}, None, "rank 8 of 8: ranks count from 0"),
        (TORCHRUN | {"LOCAL_RANK": "9"}, None, "rank 9 of its machine, where there are 8"),
        (TORCHRUN | {"RANK": "one"}, None, "RANK is 'one' in the environment, not a number"),
        (TORCHRUN | {"MASTER_PORT": "70000"}, None, "port 70000, .* is no port"),
        (TORCHRUN, "mpirun", "no launcher 'mpirun': it is one of torchrun, slurm"),
    ],
)
def test_an_environment_that_makes_no_sense_is_refused_with_a_sentence(environ, launcher, sentence):
    with pytest.raises(ConfigError, match=sentence):
        find_ranks(environ, launcher)


@pytest.mark.parametrize(
    ("nodes", "first"),
    [
        ("node03", "node03"),
        ("a,b[1-3]", "a"),
        ("node[03-07,12],login", "node03"),
        ("node[7]", "node7"),
        ("rack[1-2]node[01-04],x", "rack1node01"),
        ("n[5,7]-ib", "n5-ib"),
    ],
)
def test_the_first_host_of_a_list_of_slurm(nodes, first):
    assert first_host(nodes) == first


@given(st.integers(1, 999), st.integers(1, 50), st.text("abcxyz-", min_size=1))
def test_a_range_begins_with_its_first_host(number, more, name):
    assert first_host(f"{name}[{number:04d}-{number + more:04d}],{name}0") == f"{name}{number:04d}"
