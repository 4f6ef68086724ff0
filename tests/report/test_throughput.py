"""stride.report.throughput: the samples a second of a run, by the ranks that it had."""

from __future__ import annotations

from pathlib import Path

import pytest

from stride.report.throughput import Throughput, throughputs
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from tests.report.trained_runs import train, trained


def _reached(run: Run) -> list[Throughput]:
    return throughputs(run.read_record(), run.timings.read())


def test_the_figure_is_the_median_of_the_epochs_without_the_first(tmp_path: Path) -> None:
    (found,) = _reached(trained(tmp_path / "exp", 2, [1.0, 30.0, 10.0, 20.0]))
    assert found.median == 20.0
    assert (found.ranks, found.nodes, found.threads, found.device) == (2, 1, 1, "cpu")
    assert not found.with_start


def test_a_first_epoch_that_is_the_only_one_counts_and_is_marked(tmp_path: Path) -> None:
    (found,) = _reached(trained(tmp_path / "exp", 1, [5.0]))
    assert (found.median, found.with_start) == (5.0, True)


def test_a_run_that_went_on_with_other_ranks_has_a_figure_for_both(tmp_path: Path) -> None:
    run = _stopped(tmp_path / "exp")
    train(run, 2, [3.0, 8.0, 8.0], nodes=2, before=2)
    one, two = _reached(run)
    assert (one.ranks, one.nodes, one.samples_per_second) == (1, 1, (5.0,))
    assert (two.ranks, two.nodes, two.samples_per_second) == (2, 2, (8.0, 8.0))


def test_an_attempt_that_made_no_step_has_no_rows(tmp_path: Path) -> None:
    run = _stopped(tmp_path / "exp")
    train(run, 4, [], before=2, completes=False)
    (found,) = _reached(run)
    assert found.ranks == 1


def test_rows_without_a_rate_are_passed_over(tmp_path: Path) -> None:
    run = trained(tmp_path / "exp", 1, [2.0, 4.0])
    run.timings.append({"epoch": 3, "step": 30, "samples_per_second": None})
    run.timings.append({"epoch": 4, "step": 40, "samples_per_second": float("nan")})
    (found,) = _reached(run)
    assert found.samples_per_second == (4.0,)


@pytest.mark.parametrize("number", [0, 1])
def test_a_gpu_is_named_whichever_of_its_machine_it_was(tmp_path: Path, number: int) -> None:
    device = f"cuda:{number} (NVIDIA H100)"
    (found,) = _reached(trained(tmp_path / "exp", 1, [2.0, 4.0], device=device))
    assert found.device == "NVIDIA H100"


def _stopped(folder: Path) -> Run:
    """A run that was stopped after two epochs on one rank."""
    run = WorkDir(folder).create({})
    train(run, 1, [1.0, 5.0], completes=False)
    return run
