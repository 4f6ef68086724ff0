"""Determinism: asked for inside, and as it was before afterwards."""

from __future__ import annotations

import os

import pytest
import torch

from stride.training.determinism import deterministic

_VARIABLE = "CUBLAS_WORKSPACE_CONFIG"


def _state() -> tuple[bool, bool, bool, str | None]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.backends.cudnn.benchmark,
        os.environ.get(_VARIABLE),
    )


def test_only_deterministic_algorithms_are_used_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(_VARIABLE, raising=False)
    before = _state()
    with deterministic(True):
        assert _state() == (True, False, False, ":4096:8")
    assert _state() == before


def test_what_somebody_chose_is_afterwards_as_they_chose_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(_VARIABLE, ":16:8")
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with pytest.raises(ValueError, match="inside"), deterministic(True):
            assert _state() == (True, False, False, ":16:8")
            raise ValueError("inside")
        assert _state() == (True, True, True, ":16:8")
    finally:
        torch.use_deterministic_algorithms(False)


def test_nothing_changes_where_it_is_not_wanted() -> None:
    before = _state()
    with deterministic(False):
        assert _state() == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_an_operation_of_a_gpu_without_such_an_algorithm_is_refused() -> None:
    values = torch.zeros(4, device="cuda")
    with (
        deterministic(True),
        pytest.raises(RuntimeError, match="does not have a deterministic implementation"),
    ):
        torch.histc(values, bins=4)
