"""benchmarks.contestants.step_problem: what every training loop is given."""

from __future__ import annotations

import pytest

from benchmarks.contestants.step_problem import CLASSES, Problem


@pytest.mark.parametrize("kind", ["mlp", "resnet"])
def test_an_epoch_of_the_data_has_exactly_the_steps_that_are_timed(kind: str) -> None:
    problem = Problem(kind, steps=3, clip_norm=None)
    inputs, targets = problem.training_data()
    assert len(inputs) == len(targets) == 3 * problem.batch_size
    assert problem.model()(inputs).shape == (len(inputs), CLASSES)


def test_all_loops_are_given_the_same_tensors() -> None:
    first, second = (Problem("mlp", steps=2, clip_norm=None).training_data() for _ in range(2))
    assert all(a.equal(b) for a, b in zip(first, second, strict=True))
