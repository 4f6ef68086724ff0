"""The state of modules: what does not fit is said in a few words."""

from __future__ import annotations

import pytest
from torch import nn

from stride.training.module_state import misfit, put_module_state, read_module_state


def test_what_fits_is_no_misfit() -> None:
    state = read_module_state(nn.BatchNorm1d(2))
    assert misfit(nn.BatchNorm1d(2), state) is None
    put_module_state(nn.BatchNorm1d(2), state)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (nn.Linear(3, 1), r"weight has shape \(1, 2\) in it and \(1, 3\) here"),
        (nn.Linear(2, 1, bias=False), "it has bias, which there is no place for here"),
        (nn.Bilinear(2, 2, 1), r"weight has shape \(1, 2\) in it and \(1, 2, 2\) here"),
        (nn.Sequential(nn.Linear(2, 1)), r"it has no 0\.weight"),
    ],
)
def test_the_first_thing_that_does_not_fit_is_said(module: nn.Module, words: str) -> None:
    with pytest.raises(RuntimeError, match=rf"^{words}$"):
        put_module_state(module, read_module_state(nn.Linear(2, 1)))
