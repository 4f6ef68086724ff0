"""GradNorm: the toy problem of its paper, its rule, and what it is given."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from stride.errors import ConfigError
from stride.training.balancing.gradnorm import GradNorm, renormalised, target_norms
from stride.training.output import Output
from tests.training.balancing.balanced import Heads, Several, toy, trainer

CPU = torch.device("cpu")
SCALES = (1.0, 100.0)


def _left(folder: Path, balancing: dict[str, object]) -> list[list[float]]:
    """For each epoch the share of each loss that is left."""
    data = toy(SCALES)
    run = trainer(
        folder,
        balancing,
        scales=SCALES,
        data=data,
        width=50,
        val=False,
        fit_kwargs={"max_epochs": 60},
    ).fit()
    at_first = data.tensors[1].square().mean((0, 2)).tolist()
    return [
        [
            float(row[f"train_loss_{name}"] or math.nan) / first
            for name, first in zip(("first", "second"), at_first, strict=True)
        ]
        for row in run.metrics.read()
    ]


def test_tasks_whose_scales_differ_100_fold_train_at_the_same_pace_and_without_gradnorm_they_do_not(
    tmp_path: Path,
) -> None:
    plain = _left(tmp_path / "plain", {})
    balanced = _left(tmp_path / "gradnorm", {"method": "gradnorm", "alpha": 0.12})
    small, large = plain[-1]
    assert small > 5 * large, "the one with the large scale has all the gradients"
    small, large = balanced[-1]
    assert max(small, large) < 2 * min(small, large)
    assert max(small, large) < 0.4, "both are learned"
    for small, large in balanced:
        assert max(small, large) < 2 * min(small, large), "all the way"


def _step(method: GradNorm, losses: list[Tensor]) -> None:
    method.begin_window()
    method.total(losses, 1.0)
    method.end_window()


def test_the_loss_with_the_larger_gradient_loses_weight_and_the_sum_stays() -> None:
    layer = nn.Parameter(torch.ones(3))
    method = GradNorm(("a", "b"), [layer], CPU, alpha=1.0, lr=0.1)
    before = method.weights()
    _step(method, [layer.sum(), 100 * layer.sum()])
    after = method.weights()
    assert before.tolist() == [1.0, 1.0]
    assert after[0] > 1.0 > after[1]
    assert float(after.sum()) == pytest.approx(2.0)


def test_with_equal_gradients_the_loss_that_lags_behind_gains_weight() -> None:
    layer = nn.Parameter(torch.ones(3))
    method = GradNorm(("a", "b"), [layer], CPU, alpha=1.5, lr=0.1)
    _step(method, [layer.sum(), layer.sum()])
    assert method.weights().tolist() == pytest.approx([1.0, 1.0])
    halved = layer.sum() - 1.5  # the same gradient, half of the first loss
    _step(method, [layer.sum(), halved])
    assert method.weights()[0] > method.weights()[1]


def test_a_window_that_is_not_finite_moves_no_weight() -> None:
    layer = nn.Parameter(torch.ones(3))
    method = GradNorm(("a", "b"), [layer], CPU, alpha=1.5, lr=0.1)
    _step(method, [layer.sum(), 10 * layer.sum() * torch.nan])
    assert method.weights().tolist() == [1.0, 1.0]
    _step(method, [layer.sum(), 10 * layer.sum()])
    assert method.state_dict()["initial"].tolist() == [3.0, 30.0]
    assert method.weights().isfinite().all()


def test_micro_batches_give_the_weights_of_the_whole_window() -> None:
    drawing = torch.Generator().manual_seed(0)
    rows = torch.randn(7, 3, generator=drawing)
    layer = nn.Parameter(torch.randn(3, generator=drawing))

    def losses(part: Tensor) -> list[Tensor]:
        made = part @ layer
        return [made.square().mean(), 5 * (made - 1).square().mean()]

    whole, cut = (GradNorm(("a", "b"), [layer], CPU, alpha=1.5, lr=0.1) for _ in range(2))
    for _ in range(5):
        whole.begin_window()
        whole.total(losses(rows), 7.0)
        whole.end_window()
        cut.begin_window()
        for part in rows.split([3, 3, 1]):
            cut.total(losses(part), float(len(part)))
        cut.end_window()
    assert torch.allclose(whole.weights(), cut.weights(), rtol=1e-5)


@given(values=st.lists(st.floats(-30, 30), min_size=2, max_size=8))
def test_renormalised_weights_sum_to_their_number_and_keep_their_proportions(
    values: list[float],
) -> None:
    logarithms = torch.tensor(values, dtype=torch.float64)
    weights = renormalised(logarithms).exp()
    assert float(weights.sum()) == pytest.approx(len(values))
    assert torch.allclose(weights / weights[0], (logarithms - logarithms[0]).exp())


POSITIVE = st.floats(1e-3, 1e3)


@settings(max_examples=50)
@given(
    rows=st.lists(st.tuples(POSITIVE, POSITIVE, POSITIVE), min_size=2, max_size=6),
    alpha=st.floats(0, 3),
    scale=POSITIVE,
)
def test_targets_are_those_of_equation_2_and_do_not_depend_on_the_scale_of_a_loss(
    rows: list[tuple[float, float, float]], alpha: float, scale: float
) -> None:
    norms, losses, initial = (
        torch.tensor(each, dtype=torch.float64) for each in zip(*rows, strict=True)
    )
    target = target_norms(norms, losses, initial, alpha)
    ratios = [loss / first for _, loss, first in rows]
    mean = sum(ratios) / len(ratios)
    average = sum(norm for norm, _, _ in rows) / len(rows)
    assert target.tolist() == pytest.approx([average * (r / mean) ** alpha for r in ratios])
    scales = torch.ones_like(losses)
    scales[0] = scale
    assert torch.allclose(target_norms(norms, losses * scales, initial * scales, alpha), target)


class Apart(Several):
    """The second loss does not go through the trunk."""

    def step(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> Output:
        assert isinstance(model, Heads)
        first = super().step(model, batch).losses
        assert not isinstance(first, Tensor)
        bias = model.heads[1].bias
        return Output({"first": first["first"], "second": bias.square().mean()}, 1.0)


def test_a_loss_that_does_not_depend_on_the_shared_layer_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the loss second does not depend on all of the weights"):
        trainer(tmp_path, {"method": "gradnorm"}, task=Apart()).fit()


class Frozen(Several):
    """The trunk is not trained in the first epoch."""

    def begin_epoch(self, model: nn.Module, epoch: int) -> None:
        assert isinstance(model, Heads)
        model.trunk.requires_grad_(epoch > 1)


def test_weights_rest_while_the_shared_layer_is_frozen(tmp_path: Path) -> None:
    run = trainer(tmp_path, {"method": "gradnorm"}, task=Frozen()).fit()
    weights = [float(row["weight_first"] or 0) for row in run.steps.read()]
    assert weights[:3] == [1.0, 1.0, 1.0]
    assert weights[3] > 1.0
