"""The output of a step: what is minimised."""

from __future__ import annotations

import torch

from stride.training.output import Output, total_loss


def test_a_single_loss_is_what_is_minimised() -> None:
    loss = torch.tensor(2.0)
    assert total_loss(Output(loss).losses) is loss


def test_of_several_losses_the_sum_is_minimised_with_gradients_to_each() -> None:
    first, second = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    total = total_loss({"a": first * 2, "b": second})
    total.backward()
    assert total.item() == 7.0
    assert first.grad == 2.0
    assert second.grad == 1.0
