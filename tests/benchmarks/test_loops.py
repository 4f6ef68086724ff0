"""The hand-written loops: they do what they are measured for."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks.contestants.plain_loop import PlainLoop
from benchmarks.contestants.step_problem import LOG_EVERY, Problem
from benchmarks.loops import NAMES, OWN, PACKAGES, loops
from benchmarks.peers import Peers
from benchmarks.setting import Setting
from stride.store.work_dir import WorkDir


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    """Without peers."""
    peers = Peers(tmp_path / "peers")
    peers.leave()
    return Setting(quick=True, scratch=tmp_path, peers=peers)


def test_every_loop_is_the_projects_own_or_a_pinned_peers(setting: Setting) -> None:
    assert {*NAMES, "stride"} == {*OWN, *PACKAGES}
    makes = loops(setting, "x", NAMES, kind="mlp", steps=1)
    reasons = {name for name, make in makes.items() if isinstance(make, str)}
    assert reasons == set(PACKAGES)


@pytest.mark.parametrize("name", OWN)
def test_a_loop_leaves_rows_and_a_checkpoint(name: str, setting: Setting) -> None:
    arguments = {"kind": "mlp", "steps": LOG_EVERY, "clip_norm": 0.5}
    make = loops(setting, "x", [name], **arguments)[name]
    assert not isinstance(make, str)
    worker = make()
    try:
        assert worker.repeat() > 0
        assert worker.repeat() > 0
    finally:
        worker.close()
    folder = setting.scratch / f"x-{name}"
    if name == "stride":
        (steps,) = folder.glob("exp/*/**/steps.csv")
        assert any(folder.glob("exp/*/checkpoints/step-*/manifest.json"))
    else:
        steps = folder / "steps.csv"
        assert (folder / "checkpoint.pt").stat().st_size > 0
    assert len(steps.read_text().splitlines()) == (3 if name == "stride" else 2)


def test_the_plain_loop_sums_what_its_rows_say(tmp_path: Path) -> None:
    problem = Problem("mlp", steps=LOG_EVERY)
    torch.manual_seed(0)
    model = problem.model()
    inputs, targets = problem.training_data()
    batches = list(zip(inputs.split(32), targets.split(32), strict=True))
    with torch.no_grad():
        expected = nn.functional.cross_entropy(model(inputs), targets).item()
    calls: list[str] = []

    def noting(what: str) -> Callable[..., None]:
        return lambda *_: calls.append(what)

    loop = PlainLoop(
        problem,
        model,
        torch.optim.SGD(model.parameters(), lr=0.0),
        batches,
        batches[:1],
        backward=noting("backward"),
        clip=noting("clip"),
        save=noting("save"),
        folder=tmp_path,
    )
    loop.epoch()
    loop.close()
    assert calls == ["backward", "clip"] * LOG_EVERY + ["save"]
    ((step, mean),) = csv.reader((tmp_path / "steps.csv").read_text().splitlines())
    assert (step, float(mean)) == (str(LOG_EVERY), pytest.approx(expected, rel=1e-4))
    ((total, *_),) = csv.reader((tmp_path / "metrics.csv").read_text().splitlines())
    assert float(total) == pytest.approx(expected * LOG_EVERY, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "tuned"),
    [("ranks_stride", False), ("ranks_hand_written", False), ("ranks_hand_written", True)],
)
def test_a_loop_on_two_ranks_leaves_rows_and_a_checkpoint(
    name: str, tuned: bool, setting: Setting
) -> None:
    folder = setting.folder("x")
    worker = setting.own(
        f"benchmarks.contestants.{name}",
        folder=str(folder),
        kind="mlp",
        steps=LOG_EVERY,
        tuned=tuned,
    )()
    try:
        assert worker.repeat() > 0
        assert worker.repeat() > 0
    finally:
        worker.close()
    if name == "ranks_stride":
        (run,) = WorkDir(folder / "exp").runs()
        attempt = run.read_record().attempt
        assert attempt is not None
        assert (attempt.world_size, run.status().word) == (2, "stopped")
        assert any(run.path.glob("checkpoints/step-*/manifest.json"))
        rows = run.steps_path.read_text().splitlines()[1:]
    else:
        assert (folder / "rank0/checkpoint.pt").stat().st_size > 0
        rows = (folder / "rank0/steps.csv").read_text().splitlines()
    assert len(rows) == 2
