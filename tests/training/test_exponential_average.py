"""The average of the weights: the textbook recurrence, exchanged with them exactly."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from stride.errors import StoredFileError
from stride.training.exponential_average import ExponentialAverage


def _moved(module: nn.Module, seed: int) -> None:
    """Change all weights, as an optimiser step would."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in module.state_dict().values():
            if value.is_floating_point():
                value.copy_(torch.randn(value.shape, generator=generator))
            else:
                value.add_(1)


def _bits(*modules: nn.Module) -> list[Tensor]:
    return [value.clone() for module in modules for value in module.state_dict().values()]


def _same(first: list[Tensor], second: list[Tensor]) -> bool:
    return all(torch.equal(*pair) for pair in zip(first, second, strict=True))


@given(
    decay=st.floats(0.01, 0.9999),
    warmup=st.booleans(),
    values=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40),
)
def test_the_average_is_that_of_the_recurrence(
    decay: float, warmup: bool, values: list[float]
) -> None:
    module = nn.Linear(1, 1, bias=False).double()
    expected = module.weight.item()
    average = ExponentialAverage([module], decay=decay, warmup=warmup)
    for number, value in enumerate(values):
        with torch.no_grad():
            module.weight.fill_(value)
        average.update()
        now = min(decay, (1 + number) / (10 + number)) if warmup else decay
        expected = now * expected + (1 - now) * value
    with average.in_place():
        assert module.weight.item() == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_the_modules_compute_with_the_average_inside_and_with_their_own_bits_afterwards() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    before = copy.deepcopy(module.state_dict())
    average = ExponentialAverage([module], decay=0.5, warmup=False)
    _moved(module, 1)
    average.update()
    own, parameter = _bits(module), module[0].weight
    for _ in range(3):
        with average.in_place():
            inside = module.state_dict()
            for key in ("0.weight", "1.weight", "1.running_mean", "1.running_var"):
                half = (before[key] + own[list(before).index(key)]) / 2
                torch.testing.assert_close(inside[key], half)
            # A count has no average.
            assert inside["1.num_batches_tracked"] == 1
            assert module[0].weight is parameter
        assert _same(_bits(module), own)


def test_an_exception_inside_puts_the_weights_back() -> None:
    module = nn.Linear(2, 2)
    average = ExponentialAverage([module], decay=0.9)
    _moved(module, 1)
    own = _bits(module)
    with pytest.raises(KeyboardInterrupt), average.in_place():
        raise KeyboardInterrupt
    assert _same(_bits(module), own)


def test_inside_one_may_ask_for_the_average_again() -> None:
    module = nn.Linear(2, 2)
    average = ExponentialAverage([module], decay=0.9)
    _moved(module, 1)
    own = _bits(module)
    with average.in_place():
        first = _bits(module)
        with average.in_place():
            assert _same(_bits(module), first)
        assert _same(_bits(module), first)
    assert _same(_bits(module), own)


def test_weights_that_are_tied_or_views_of_others_stay_so() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.view = nn.Parameter(torch.zeros(0))
            self.embedding = nn.Embedding(4, 3)
            self.head = nn.Linear(3, 4, bias=False)
            self.head.weight = self.embedding.weight
            self.view.data = self.embedding.weight.data[1:3]

    for first in (True, False):
        module = Tied()
        if first:  # the view comes before or after what it is a view of
            module._parameters["later"] = module._parameters.pop("view")
        average = ExponentialAverage([module], decay=0.5, warmup=False)
        assert len(average.state_dict()["average"]) == 2
        start = module.embedding.weight.detach().clone()
        with torch.no_grad():
            module.embedding.weight.add_(2.0)
        average.update()
        own = _bits(module)
        with average.in_place():
            torch.testing.assert_close(module.embedding.weight.detach(), start + 1.0)
            assert module.head.weight is module.embedding.weight
        assert _same(_bits(module), own)


def test_weights_of_16_bits_are_averaged_with_the_digits_of_32() -> None:
    module = nn.Linear(1, 1, bias=False).to(torch.bfloat16)
    with torch.no_grad():
        module.weight.fill_(0.0)
    average = ExponentialAverage([module], decay=0.999, warmup=False)
    with torch.no_grad():
        module.weight.fill_(1.0)
    for _ in range(1000):
        average.update()
    with average.in_place():
        assert module.weight.item() == pytest.approx(1 - 0.999**1000, rel=0.01)
        assert module.weight.dtype == torch.bfloat16
    assert module.weight.item() == 1.0


def test_a_buffer_may_be_replaced_by_another_at_each_step() -> None:
    class Centering(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("center", torch.zeros(1))
            self.register_buffer("passing", torch.zeros(1), persistent=False)

    module = Centering()
    average = ExponentialAverage([module], decay=0.5, warmup=False)
    module.center = torch.ones(1)
    module.passing = torch.ones(7)
    average.update()
    with average.in_place():
        assert module.center.item() == 0.5
    assert module.center.item() == 1.0
    assert module.passing.shape == (7,)


@given(split=st.integers(0, 12), warmup=st.booleans())
def test_an_average_goes_on_in_the_middle_with_the_same_bits(split: int, warmup: bool) -> None:
    def build() -> tuple[list[nn.Module], ExponentialAverage]:
        torch.manual_seed(0)
        modules = [nn.Linear(2, 3), nn.Sequential(nn.BatchNorm1d(2))]
        return modules, ExponentialAverage(modules, decay=0.9, warmup=warmup)

    modules, average = build()
    for step in range(12):
        for module in modules:
            _moved(module, step)
        average.update()
    resumed, resumed_average = build()
    for step in range(12):
        if step == split:
            state = copy.deepcopy(resumed_average.state_dict())
            weights = [module.state_dict() for module in resumed]
            resumed, resumed_average = build()
            for module, own in zip(resumed, weights, strict=True):
                module.load_state_dict(own)
            resumed_average.load_state_dict(state)
        for module in resumed:
            _moved(module, step)
        resumed_average.update()
    with average.in_place(), resumed_average.in_place():
        assert _same(_bits(*modules), _bits(*resumed))


def test_the_average_of_another_model_is_refused_by_name() -> None:
    state = ExponentialAverage([nn.Linear(2, 2)], decay=0.9).state_dict()
    other = ExponentialAverage([nn.Linear(2, 3)], decay=0.9)
    with pytest.raises(StoredFileError, match=r"of another model: it differs in 0\.bias, 0\.weig"):
        other.load_state_dict(state)


def test_a_module_without_weights_has_an_average_of_nothing() -> None:
    average = ExponentialAverage([nn.Identity()], decay=0.9)
    average.update()
    with average.in_place():
        assert average._averages == []
