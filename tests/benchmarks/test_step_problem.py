"""benchmarks.contestants.step_problem: what every training loop is given."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmarks.contestants.step_models import CLASSES
from benchmarks.contestants.step_problem import KINDS, Problem


@pytest.mark.parametrize("kind", KINDS)
def test_an_epoch_of_the_data_has_exactly_the_steps_that_are_timed(kind: str) -> None:
    problem = Problem(kind, steps=3)
    inputs, targets = problem.training_data()
    assert len(inputs) == len(targets) == 3 * problem.batch_size
    assert problem.model()(inputs).shape == (len(inputs), CLASSES)


@pytest.mark.parametrize("kind", KINDS)
def test_all_loops_are_given_the_same_tensors(kind: str) -> None:
    first, second = (Problem(kind, steps=2).training_data() for _ in range(2))
    assert all(a.equal(b) for a, b in zip(first, second, strict=True))


def test_a_problem_is_read_from_what_the_frame_hands_over() -> None:
    arguments = {"folder": "somewhere", "kind": "resnet8", "steps": 4, "precision": "bf16"}
    assert Problem.of(arguments) == Problem("resnet8", steps=4, precision="bf16")


@pytest.mark.parametrize(
    ("precision", "expected"), [("fp32", torch.float32), ("bf16", torch.bfloat16)]
)
def test_the_forward_pass_computes_in_the_precision_asked_for(
    precision: str, expected: torch.dtype
) -> None:
    autocast = Problem("mlp", steps=1, precision=precision).autocast()
    for _ in range(2):  # it may be entered again
        with autocast:
            assert nn.Linear(2, 2)(torch.zeros(1, 2)).dtype == expected
