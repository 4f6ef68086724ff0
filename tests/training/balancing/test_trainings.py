"""Balanced trainings: their tables, their evaluations, and how they go on after a stop."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from stride.store.run import Run
from stride.training.checkpoints.reading import read_newest
from stride.training.checkpoints.state_tree import encode_tree
from stride.training.output import Output
from tests.training.balancing.balanced import Several, trainer
from tests.training.balancing.killed import training

ROOT = Path(__file__).parents[3]
KILLED = "from tests.training.balancing.killed import main; main()"  # so that classes have names

METHODS: dict[str, dict[str, Any]] = {
    "fixed": {"weights": {"second": 0.01}},
    "uncertainty": {"lr": 0.05},
    "gradnorm": {"lr": 0.1},
    "dynamic_average": {},
    "pcgrad": {},
}
ALL = [{"method": method, **more} for method, more in METHODS.items()]


def _rows(run: Run, name: str = "steps") -> list[dict[str, float]]:
    table = run.steps if name == "steps" else run.metrics
    return [{key: float(value or 0) for key, value in row.items()} for row in table.read()]


@pytest.mark.parametrize("balancing", ALL, ids=lambda each: each["method"])
def test_each_weight_is_a_column_and_loss_is_the_weighted_sum(
    tmp_path: Path, balancing: dict[str, Any]
) -> None:
    run = trainer(tmp_path, balancing, fit_kwargs={"max_epochs": 4}).fit()
    rows = _rows(run)
    assert [*rows[0]][3:8] == [
        "loss", "loss_first", "loss_second", "weight_first", "weight_second"
    ]  # fmt: skip
    for row in rows:
        weighted = sum(row[f"weight_{name}"] * row[f"loss_{name}"] for name in ("first", "second"))
        if balancing["method"] == "pcgrad":  # what is minimised is the sum, conflicts taken away
            assert row["loss"] == pytest.approx(row["loss_first"] + row["loss_second"], rel=1e-5)
            assert row["weight_first"] >= 1.0
        elif balancing["method"] == "uncertainty":  # and the price of the noise, -log(weight) / 2
            price = -torch.tensor([row["weight_first"], row["weight_second"]]).log().sum() / 2
            assert row["loss"] == pytest.approx(weighted + float(price), rel=1e-4)
        else:
            assert row["loss"] == pytest.approx(weighted, rel=1e-5)
    last = rows[-1]
    if balancing["method"] == "fixed":
        assert (last["weight_first"], last["weight_second"]) == (1.0, pytest.approx(0.01))
    elif balancing["method"] in ("gradnorm", "uncertainty"):
        assert last["weight_first"] > last["weight_second"], "the second is 100 times as large"
    if balancing["method"] in ("gradnorm", "dynamic_average"):
        assert last["weight_first"] + last["weight_second"] == pytest.approx(2.0)


@pytest.mark.parametrize("balancing", ALL, ids=lambda each: each["method"])
def test_the_loss_of_an_evaluation_has_the_factors_of_the_config_and_no_other_weights(
    tmp_path: Path, balancing: dict[str, Any]
) -> None:
    balancing = {**balancing, "weights": {"second": 0.25}}
    made = trainer(tmp_path, balancing)
    run = made.fit()
    for row in _rows(run, "metrics"):
        ruler = row["val_loss_first"] + 0.25 * row["val_loss_second"]
        assert row["val_loss"] == pytest.approx(ruler, rel=1e-6)
    assert made.evaluate("val") == run.read_results()


@pytest.mark.parametrize("balancing", ALL, ids=lambda each: each["method"])
def test_micro_batches_give_the_weights_of_whole_batches(
    tmp_path: Path, balancing: dict[str, Any]
) -> None:
    sizes = {"batch_size": 64, "fit_kwargs": {"max_epochs": 3}}  # 200 samples: the last is short
    whole = trainer(tmp_path / "whole", balancing, **sizes).fit()
    sizes["fit_kwargs"] = {"max_epochs": 3, "accumulate": 3}
    cut = trainer(tmp_path / "cut", balancing, **sizes).fit()
    for one, other in zip(_rows(whole), _rows(cut), strict=True):
        assert one == pytest.approx(other, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("at", [9, 11], ids="in step {}".format)
@pytest.mark.parametrize("balancing", ALL[1:], ids=lambda each: each["method"])
def test_a_training_that_was_killed_goes_on_to_the_same_bits(
    tmp_path: Path, balancing: dict[str, Any], at: int
) -> None:
    whole = training(tmp_path / "whole", balancing, 0).fit()
    arguments = [str(tmp_path / "cut"), json.dumps(balancing), str(at)]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments],
        cwd=ROOT,
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL
    run = training(tmp_path / "cut", balancing, 0).resume("x")
    for name in ("steps.csv", "metrics.csv"):
        one, other = (each.path / "logs" / name for each in (whole, run))
        assert one.read_bytes() == other.read_bytes()
    for weights in ("best", "last"):
        one, other = (each.weights_file(weights) for each in (whole, run))
        assert one.read_bytes() == other.read_bytes()
    states = [read_newest(each) for each in (whole, run)]
    found = [encode_tree(each.state["balancing"]) for each in states if each is not None]
    assert len(found) == 2
    assert found[0].skeleton == found[1].skeleton
    for name, tensor in found[0].tensors.items():
        assert torch.equal(tensor, found[1].tensors[name])


def test_the_uncertainties_are_a_group_of_the_optimizer_with_its_own_rate_and_no_decay(
    tmp_path: Path,
) -> None:
    made = trainer(
        tmp_path,
        {"method": "uncertainty", "lr": 0.05},
        optimizer_kwargs={"optimizer_name": "AdamW", "lr": 0.0, "weight_decay": 0.5},
        fit_kwargs={"max_epochs": 1},
    )
    rows = _rows(made.fit())
    # With lr 0 the model stands still; Adam's first step is that of the rate.
    assert rows[1]["weight_second"] == pytest.approx(float(torch.tensor(-0.05).exp()), rel=1e-3)
    assert rows[0]["lr"] == 0.0


def test_another_method_begins_anew_when_a_run_is_continued(tmp_path: Path) -> None:
    made = trainer(tmp_path, {"method": "gradnorm"})
    first = made.fit()
    longer = {"fit_kwargs.max_epochs": 4}
    same = made.fit(longer, continue_from=first.path)
    assert _rows(same)[0]["weight_first"] > 1.05, "GradNorm goes on from its weights"
    for method in ("uncertainty", "pcgrad", "dynamic_average"):
        other = made.fit(
            {**longer, "fit_kwargs.balancing.method": method}, continue_from=first.path
        )
        assert _rows(other)[0]["step"] == 5
        assert _rows(other)[0]["weight_second"] == pytest.approx(1.0, abs=0.01)


class Conflicting(Several):
    """Two losses that pull the one weight of a model in opposite directions."""

    def step(self, model: nn.Module, batch: Any) -> Output:
        (weight,) = [each for name, each in model.named_parameters() if name == "heads.0.bias"]
        losses = {"first": weight.sum(), "second": -0.5 * weight.sum()}
        return Output(losses, len(batch[0]))


def test_pcgrad_leaves_nothing_of_gradients_that_only_conflict(tmp_path: Path) -> None:
    sgd = {"optimizer_name": "SGD", "lr": 1.0}
    rows = _rows(
        trainer(tmp_path, {"method": "pcgrad"}, task=Conflicting(), optimizer_kwargs=sgd).fit()
    )
    assert rows[0]["loss_first"] == pytest.approx(rows[-1]["loss_first"], abs=1e-6)
    assert rows[0]["loss_first"] != 0.0


class Broken(Several):
    """The second loss of the second step is not a number."""

    steps = 0

    def step(self, model: nn.Module, batch: Any) -> Output:
        output = super().step(model, batch)
        self.steps += model.training
        if self.steps == 2 and model.training:
            assert not isinstance(output.losses, torch.Tensor)
            broken = output.losses["second"] * torch.nan
            return output._replace(losses={**output.losses, "second": broken})
        return output


@pytest.mark.parametrize("balancing", ALL, ids=lambda each: each["method"])
def test_a_loss_that_is_not_finite_is_skipped_and_leaves_the_weights_finite(
    tmp_path: Path, balancing: dict[str, Any]
) -> None:
    fit = {"max_epochs": 4, "on_nonfinite": "skip"}
    rows = _rows(trainer(tmp_path, balancing, task=Broken(), fit_kwargs=fit).fit())
    assert [row.get("skipped", 0.0) for row in rows] == [0, 1, 0, 0, 0, 0, 0, 0]
    assert all(row["weight_first"] > 0 for row in rows if not row.get("skipped"))
