"""The defaults learn the digits: what a first command trains is worth having."""

from __future__ import annotations

from pathlib import Path

import pytest

from stride.training.trainer import Trainer


@pytest.mark.parametrize(("model", "accuracy"), [("MLP", 0.97), ("ResNet", 0.98)])
def test_the_defaults_reach_their_accuracy_on_images_never_seen(
    tmp_path: Path, model: str, accuracy: float
) -> None:
    trainer = Trainer(
        tmp_path / "exp", model_kwargs={"model_name": model}, log_kwargs={"progress": False}
    )
    results = trainer.fit().read_results()
    assert results["test_accuracy"] >= accuracy
