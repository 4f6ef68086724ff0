"""Numbers are given once, upward; what killed claims left is cleared by those who can tell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.store.work_dir import WorkDir

STAGE_AND_DIE = """
import os, signal, sys
from stride.store.work_dir import WorkDir

def die_before_the_run_appears(event, arguments):
    if event == "os.rename" and ".staging" in str(arguments[0]):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die_before_the_run_appears)
WorkDir(sys.argv[1]).create({})
"""


@pytest.fixture
def experiment(tmp_path: Path) -> WorkDir:
    made = WorkDir(tmp_path / "exp")
    for _ in range(3):
        made.create({})
    return made


def staged(experiment: WorkDir) -> list[str]:
    return sorted(path.name for path in experiment.staging_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"nonsense", b"0", b"-5", b"99", b"1", b"3", b"\xff"])
def test_the_hint_is_believed_only_as_far_as_it_is_true(
    experiment: WorkDir, content: bytes
) -> None:
    experiment.next_number_path.write_bytes(content)
    assert [experiment.create({}).number for _ in range(2)] == [3, 4]


def test_the_caches_may_be_removed_at_any_time(experiment: WorkDir) -> None:
    for path in (experiment.next_number_path, experiment.cache_path, experiment.staging_path):
        path.unlink() if path.is_file() else path.rmdir()
    assert experiment.create({}).number == 3
    experiment.next_number_path.unlink()
    experiment.cache_path.rmdir()
    experiment.cache_path.write_text("a file in the place of the caches")
    assert experiment.create({}).number == 4


def test_a_number_is_not_given_again_while_its_run_lies_in_the_trash(experiment: WorkDir) -> None:
    experiment.trash_path.mkdir()
    experiment.run(2).path.rename(experiment.trash_path / "2")
    assert experiment.create({}).number == 3
    experiment.run(3).path.rename(experiment.trash_path / "3.removed-in-May")
    experiment.next_number_path.unlink()
    assert experiment.create({}).number == 4
    (experiment.trash_path / "5").mkdir()
    assert experiment.create({}).number == 6


def test_a_gap_is_not_filled(experiment: WorkDir) -> None:
    experiment.run(1).path.rename(experiment.path.parent / "elsewhere")
    assert experiment.create({}).number == 3


def test_a_killed_claim_leaves_no_number_and_the_next_clears_it(experiment: WorkDir) -> None:
    code = STAGE_AND_DIE
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code, str(experiment.path)])
    assert len(staged(experiment)) == 1  # the second cleared the first, and was killed as well
    assert [run.number for run in experiment.runs()] == [0, 1, 2]
    assert experiment.create({}).number == 3
    assert staged(experiment) == []


def test_what_is_not_known_to_be_dead_is_left_alone(experiment: WorkDir) -> None:
    subprocess.run([sys.executable, "-c", STAGE_AND_DIE, str(experiment.path)])
    (name,) = staged(experiment)
    machine, boot, namespace, pid, start, chance = name.split("_")
    kept = [
        "_".join(("another-machine", boot, namespace, pid, start, chance)),
        "_".join((machine, boot, "another-namespace", pid, start, chance)),
        "not-a-claim",
    ]
    gone = [name, "_".join((machine, "an-earlier-boot", namespace, pid, start, chance))]
    for other in (*kept, gone[1]):
        (experiment.staging_path / other).mkdir()
    experiment.create({})
    assert staged(experiment) == sorted(kept)


@given(st.lists(st.sampled_from(["create", "remove", "trash", "forget"]), max_size=12))
def test_no_order_of_events_gives_a_number_twice(
    tmp_path_factory: pytest.TempPathFactory, events: list[str]
) -> None:
    experiment = WorkDir(tmp_path_factory.mktemp("law") / "exp")
    given_numbers = [experiment.create({}).number]
    experiment.trash_path.mkdir()
    for event in events:
        if event == "create":
            given_numbers.append(experiment.create({}).number)
        elif event == "trash" and (runs := list(experiment.runs())):
            runs[-1].path.rename(experiment.trash_path / runs[-1].name)
        elif event == "remove" and len(runs := list(experiment.runs())) > 1:
            runs[0].path.rename(experiment.path.parent / f"removed-{runs[0].name}")
        elif event == "forget":
            experiment.next_number_path.unlink(missing_ok=True)
    assert given_numbers == sorted(set(given_numbers), key=lambda number: number or 0)
