"""Updates: micro-batches add up to the whole batch, closures and several optimisers train."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from stride.config.fit_kwargs import FitKwargs
from stride.errors import ConfigError, NonFiniteError
from stride.training.output import Output
from stride.training.precision import Precision
from stride.training.supervised import Supervised
from stride.training.task import Task
from stride.training.trainer import Trainer
from stride.training.update import AccumulatedUpdate, WholeUpdate
from stride.training.updater import Updater

CPU = torch.device("cpu")
PLAIN = Precision("fp32", CPU)
GENERATOR = torch.Generator().manual_seed(0)
INPUTS = torch.randn(40, 4, generator=GENERATOR, dtype=torch.float64)
CLASSES = torch.randint(0, 3, (40,), generator=GENERATOR)
NUMBERS = torch.randn(40, 3, generator=GENERATOR, dtype=torch.float64)


def _updated(task: Task, batches: list[tuple[Tensor, Tensor]], **fit: Any) -> tuple[Any, float]:
    """The weights after one step of SGD over the micro-batches, and the mean loss."""
    torch.manual_seed(0)
    model = nn.Linear(4, 3, dtype=torch.float64)
    updater = Updater(torch.optim.SGD(model.parameters(), lr=1.0), FitKwargs(**fit), CPU)
    kind = WholeUpdate if len(batches) == 1 else AccumulatedUpdate
    done = kind(task, model, updater, PLAIN).run(tuple(batches))
    assert done.updated
    weights = [float(_items(output.weight)) for output, _ in done.results]
    losses = [float(total) for _, total in done.results]
    mean = sum(w * v for w, v in zip(weights, losses, strict=True)) / sum(weights)
    return list(model.parameters()), mean


def _items(weight: Tensor | float) -> Any:
    return weight.sum() if isinstance(weight, Tensor) else weight


@settings(max_examples=30, deadline=None)
@given(
    cuts=st.lists(st.integers(1, 39), max_size=5, unique=True),
    ignored=st.sets(st.integers(0, 38)),
    clip=st.sampled_from([None, 0.1]),
)
@pytest.mark.parametrize("loss", ["masked classes", "weighted classes", "numbers"])
def test_micro_batches_of_any_size_give_the_update_of_the_whole_batch(
    loss: str, cuts: list[int], ignored: set[int], clip: float | None
) -> None:
    edges = [0, *sorted(cuts), 40]
    targets = NUMBERS
    task = Supervised("MSELoss", target_kind="numbers")
    if loss != "numbers":
        targets = CLASSES.clone()
        targets[list(ignored)] = -100
        task = Supervised("CrossEntropyLoss", target_kind="classes")
    if loss == "weighted classes":
        task.loss = nn.CrossEntropyLoss(torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64))
    parts = [(INPUTS[a:b], targets[a:b]) for a, b in itertools.pairwise(edges)]
    parts = [
        part for part in parts if part[1].dtype.is_floating_point or bool((part[1] >= 0).any())
    ]
    whole, mean = _updated(task, [(INPUTS, targets)], clip_norm=clip)
    cut, same_mean = _updated(task, parts, clip_norm=clip)
    for one, other in zip(whole, cut, strict=True):
        assert torch.allclose(one, other, rtol=1e-9, atol=1e-12)
    assert mean == pytest.approx(same_mean, rel=1e-9)


def _trainer(folder: Path, model: nn.Module, task: Task | None = None, **groups: Any) -> Trainer:
    data = TensorDataset(INPUTS.float(), CLASSES)
    loader = {"batch_size": groups.pop("batch_size", 8)}
    return Trainer(
        folder / "exp",
        device="cpu",
        model=model,
        task=task or Supervised(target_kind="classes"),
        datasets={"train": data, "val": data},
        load_data_kwargs={"train_loader_kwargs": loader},
        **{"fit_kwargs": {"max_epochs": 2}, "log_kwargs": {"progress": False}, **groups},
    )


def _losses(trainer: Trainer) -> list[float]:
    assert trainer.run is not None
    return [float(row["val_loss"] or math.nan) for row in trainer.run.metrics.read()]


def test_a_micro_batch_without_valid_items_costs_the_window_nothing() -> None:
    ignored = CLASSES[:6].clone()
    ignored[2:4] = -100
    task = Supervised("CrossEntropyLoss", target_kind="classes")
    inputs = INPUTS[:6]
    whole, mean = _updated(task, [(inputs, ignored)])
    batches = list(zip(inputs.split(2), ignored.split(2), strict=True))
    parts, mean_of_parts = _updated(task, batches)
    for one, other in zip(whole, parts, strict=True):
        assert torch.allclose(one, other)
    assert mean_of_parts == pytest.approx(mean)


def test_lbfgs_gets_its_closure_and_learns_faster_than_one_evaluation_would(tmp_path: Path) -> None:
    model = nn.Linear(4, 3)
    same = copy.deepcopy(model)
    lbfgs = {"optimizer_name": "LBFGS", "lr": 0.1, "max_iter": 5}
    trainer = _trainer(tmp_path, model, batch_size=40, optimizer_kwargs=lbfgs)
    trainer.fit()
    slow = _trainer(tmp_path, same, batch_size=40, optimizer_kwargs=lbfgs)
    slow.fit({"optimizer_kwargs.max_iter": 1})
    assert _losses(trainer)[0] < _losses(slow)[0]


def test_a_closure_that_is_not_finite_changes_nothing(tmp_path: Path) -> None:
    model = nn.Linear(4, 3)
    with torch.no_grad():
        model.weight[0, 0] = math.nan
    trainer = _trainer(tmp_path, model, optimizer_kwargs={"optimizer_name": "LBFGS"})
    with pytest.raises(NonFiniteError, match="the loss is not finite at step 1"):
        trainer.fit()
    assert int(model.weight.isnan().sum()) == 1


class Duel(Task):
    """Two optimisers, for the halves of a model; each has a loss of its own."""

    def optimizers(self, model: nn.Module) -> Mapping[str, Iterable[Any]]:
        return {
            "first": model[0].parameters(),
            "second": [{"params": list(model[1].parameters()), "lr": 0.05}],
        }

    def update(self, model: nn.Module, batch: Any, optimizers: Mapping[str, Updater]) -> Output:
        inputs, targets = batch
        first = nn.functional.cross_entropy(model(inputs), targets)
        optimizers["first"].minimize(first)
        second = nn.functional.cross_entropy(model(inputs), targets)
        optimizers["second"].minimize(second)
        return Output({"first": first.detach(), "second": second.detach()}, len(targets))

    def step(self, model: nn.Module, batch: Any) -> Output:
        inputs, targets = batch
        return Output(nn.functional.cross_entropy(model(inputs), targets), len(targets))


def _pair() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 3))


def test_a_task_runs_the_update_itself_with_the_optimisers_that_it_names(tmp_path: Path) -> None:
    trainer = _trainer(tmp_path, _pair(), Duel(), optimizer_kwargs={"lr": 0.01})
    run = trainer.fit()
    row = run.steps.read()[-1]
    assert {"loss", "loss_first", "loss_second"} <= row.keys()
    assert _losses(trainer)[1] < _losses(trainer)[0]
    (checkpoint,) = {path.name for path in run.checkpoints_path.glob("step-*10")}
    assert checkpoint == "step-00000010"


@pytest.mark.parametrize("policy", ["stop", "skip"])
def test_an_update_that_is_not_finite_does_not_land_there_either(
    tmp_path: Path, policy: str
) -> None:
    model = _pair()
    with torch.no_grad():
        model[0].weight[0, 0] = math.inf
    before = {key: value.clone() for key, value in model.state_dict().items()}
    trainer = _trainer(tmp_path, model, Duel())
    if policy == "stop":
        with pytest.raises(NonFiniteError, match="not finite at step 1"):
            trainer.fit({"fit_kwargs.on_nonfinite": policy})
    else:
        run = trainer.fit({"fit_kwargs.on_nonfinite": policy})
        assert run.steps.read()[-1]["skipped"] == 10
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


class OnlyNames(Duel):
    """Names optimisers and does not say what to do with them."""

    update = Task.update


class Pairs(Supervised):
    """A loss that compares the samples of a batch with each other."""

    def divisible(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("task", "groups", "sentence"),
    [
        (OnlyNames(), {}, "must run its update itself"),
        (Duel(), {"fit_kwargs": {"accumulate": 2}}, "accumulate must be 1: Duel runs the update"),
        (
            Pairs(target_kind="classes"),
            {"fit_kwargs": {"accumulate": 2}},
            "not a mean over samples",
        ),
        (None, {"fit_kwargs": {"accumulate": 9}}, "at most the batch_size of 8, not 9"),
        (Duel(), {"optimizer_kwargs": {"optimizer_name": "LBFGS"}}, "several times a step"),
        (
            None,
            {"optimizer_kwargs": {"optimizer_name": "LBFGS"}, "fit_kwargs": {"clip_norm": 1.0}},
            "clip_norm must be null: LBFGS",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_does_not_go_together_is_refused_and_no_run_is_made(
    tmp_path: Path, task: Task | None, groups: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        _trainer(tmp_path, _pair(), task, **groups).fit()
    assert not (tmp_path / "exp").exists()


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_trains_and_keeps_its_weights_in_fp32(
    tmp_path: Path, precision: str
) -> None:
    model = nn.Linear(4, 3)
    trainer = _trainer(tmp_path, model, optimizer_kwargs={"lr": 0.1})
    trainer.fit({"fit_kwargs.precision": precision, "fit_kwargs.clip_norm": 1.0})
    assert model.weight.dtype == torch.float32
    assert _losses(trainer)[1] < _losses(trainer)[0]


def test_clipping_by_value_bounds_each_element() -> None:
    task = Supervised("MSELoss", target_kind="numbers")
    weights, _ = _updated(task, [(INPUTS * 100, NUMBERS)], clip_value=1e-3)
    torch.manual_seed(0)
    initial = list(nn.Linear(4, 3, dtype=torch.float64).parameters())
    for one, other in zip(weights, initial, strict=True):
        assert float((one - other).detach().abs().max()) <= 1e-3 + 1e-12
