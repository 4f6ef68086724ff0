"""The state of a metric: whatever it is, it goes on in the middle with the same bits."""

from __future__ import annotations

import copy
from collections import Counter, deque
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from stride.training.metric_state import put_metric_state, read_metric_state
from stride.training.metrics import METRICS, Metric

CPU = torch.device("cpu")


class Plain:
    """A metric of somebody who keeps what comes to hand."""

    total: float
    sums: Tensor | None
    matrix: np.ndarray[Any, Any]
    largest: np.float32

    def __init__(self) -> None:
        self.reset()

    def update(self, *outputs: Any) -> None:
        values = outputs[0]
        self.total += float(values.sum())
        self.sums = values.sum() if self.sums is None else self.sums + values.sum()
        self.matrix[values.numel() % 2] += 1
        self.largest = np.float32(max(self.largest, float(values.max())))
        self.counts[values.numel()] += 1
        self.recent.append(values)
        self.pairs.append((values.numel(), values))
        self.by_name["last"] = [values]

    def compute(self) -> str:
        """All of it, so that nothing can be forgotten."""
        return repr({name: _shown(value) for name, value in vars(self).items()})

    def reset(self) -> None:
        self.total = 0.0
        self.sums = None
        self.matrix = np.zeros((2, 1))
        self.largest = np.float32(-1.0)
        self.counts: Counter[int] = Counter()
        self.recent: deque[Tensor] = deque(maxlen=2)
        self.pairs: list[tuple[int, Tensor]] = []
        self.by_name: dict[str, list[Tensor]] = {}


def _shown(value: Any) -> str:
    return f"{type(value).__name__} {value!r}"


class AsTorchmetrics(nn.Module):
    """A metric with states as those of torchmetrics: attributes named by `_defaults`."""

    total: Tensor
    seen: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self._defaults: dict[str, Any] = {"total": torch.zeros(()), "seen": []}
        self._update_count = 0
        self._computed: float | None = None
        self.reset()
        self.wrapped = lambda: None

    def update(self, values: Tensor) -> None:
        self._update_count += 1
        self._computed = None
        self.total = self.total + values.sum()
        self.seen.append(values)

    def compute(self) -> float:
        if self._computed is None:
            self._computed = float(self.total) / max(self._update_count, 1) + len(self.seen)
        return self._computed

    def reset(self) -> None:
        self._update_count = 0
        self._computed = None
        self.total = self._defaults["total"].clone()
        self.seen = []


class Module(nn.Module):
    """A metric that is a module with a buffer, a parameter, a part and a number."""

    total: Tensor
    passing: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(()))
        self.register_buffer("passing", torch.zeros(()), persistent=False)
        self.scale = nn.Parameter(torch.ones(()), requires_grad=False)
        self.inner = AsTorchmetrics()
        self.count = 0

    def update(self, values: Tensor) -> None:
        self.total = self.total + values.sum()
        self.passing += 1
        with torch.no_grad():
            self.scale += 1
        self.inner.update(values)
        self.count += 1

    def compute(self) -> float:
        own = float(self.total) + float(self.passing) + float(self.scale) + self.count
        return own + self.inner.compute()

    def reset(self) -> None:
        """Forgets nothing."""


class Stateful:
    """A metric that gives its state itself, in a way that its attributes do not tell."""

    def __init__(self) -> None:
        self.update, self.compute, self.reset, self._values = (
            self.add,
            self.value,
            self.forget,
            [0.0],
        )

    def add(self, values: Tensor) -> None:
        self._values[0] += float(values.sum())

    def value(self) -> float:
        return self._values[0]

    def forget(self) -> None:
        self._values[0] = 0.0

    def state_dict(self) -> dict[str, Any]:
        return {"value": self._values[0]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._values[0] = state["value"]


def _as_stored(value: Any) -> Any:
    """What comes back from a file: plain containers, and tensors that share nothing."""
    if isinstance(value, Tensor):
        return value.clone()
    if type(value) is dict:
        assert all(type(key) in (str, int) for key in value)
        return {key: _as_stored(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_as_stored(item) for item in value)
    assert value is None or type(value) in (bool, int, float, str), type(value)
    return copy.deepcopy(value)


@pytest.mark.parametrize("kind", [Plain, AsTorchmetrics, Module, Stateful])
@given(split=st.integers(0, 6), computed=st.booleans())
def test_a_metric_of_any_make_goes_on_in_the_middle(
    kind: type[Any], split: int, computed: bool
) -> None:
    batches = [torch.arange(1.0, size) for size in range(2, 8)]
    whole, begun, resumed = kind(), kind(), kind()
    for at, batch in enumerate(batches):
        whole.update(batch)
        (begun if at < split else resumed).update(batch)
        if at + 1 == split:
            if computed:
                begun.compute()
            resumed.compute()
            put_metric_state(resumed, _as_stored(read_metric_state(begun, CPU)), CPU)
    if split:
        assert resumed.compute() == whole.compute()


@pytest.mark.parametrize("name", METRICS)
@given(split=st.integers(0, 200), sizes=st.lists(st.integers(1, 40), min_size=1, max_size=200))
def test_a_built_in_metric_has_the_same_bits_wherever_it_was_split(
    name: str, split: int, sizes: list[int]
) -> None:
    generator = torch.Generator().manual_seed(len(sizes))
    targets = [torch.randn(size, generator=generator) for size in sizes]
    predictions = [torch.randn(size, generator=generator) for size in sizes]
    whole, begun, resumed = METRICS[name](), METRICS[name](), METRICS[name]()
    for pair in zip(predictions, targets, strict=True):
        whole.update(*pair)
    _update(begun, predictions[:split], targets[:split])
    put_metric_state(resumed, _as_stored(read_metric_state(begun, CPU)), CPU)
    _update(resumed, predictions[split:], targets[split:])
    first, second = resumed.compute(), whole.compute()
    assert first == second or (first != first and second != second)


def _update(metric: Metric, predictions: list[Tensor], targets: list[Tensor]) -> None:
    for pair in zip(predictions, targets, strict=True):
        metric.update(*pair)


def test_tensors_go_to_the_device_but_those_that_a_metric_keeps_in_main_memory() -> None:
    # The device "meta" is there on every machine.
    metric = Plain()
    metric.pairs = [(1, torch.ones(1)), (2, torch.ones(1, device="meta"))]
    state = read_metric_state(metric, torch.device("meta"))
    resumed = Plain()
    put_metric_state(resumed, state, torch.device("meta"))
    assert [tensor.device.type for _, tensor in resumed.pairs] == ["cpu", "meta"]
    put_metric_state(resumed, read_metric_state(Plain()), torch.device("cpu"))
    assert isinstance(resumed.matrix, np.ndarray)


def test_what_no_file_could_hold_is_left_for_the_store_to_name() -> None:
    metric = Plain()
    metric.strange = {1, 2}  # type: ignore[attr-defined]
    assert read_metric_state(metric)["strange"] == {1, 2}
