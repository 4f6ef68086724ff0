"""The example of a GAN: two optimisers, an update of its own, and made images that get better."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.trainer import Trainer

CONFIG = Path(__file__).parents[1] / "examples" / "gan" / "config.yaml"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The example, trained as its README says, for half of its epochs."""
    folder = tmp_path_factory.mktemp("gan")
    settings = ["--config", "work_dir=exp", "--config", "fit_kwargs.max_epochs=15"]
    done = subprocess.run(
        [sys.executable, "-m", "stride", "fit", "--config-file", str(CONFIG), *settings],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CONFIG.parents[2])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return WorkDir(folder / "exp").run(0)


def test_the_made_images_come_close_to_the_real_ones(run: Run) -> None:
    distances = [float(row["val_distance"]) for row in run.metrics.read()]
    # About 11 without training, 0.4 between two halves of the real images.
    assert min(distances) < 2.5
    assert min(distances) < distances[0] / 2
    assert run.read_results()["test_distance"] < 2.5


def test_both_losses_are_columns_and_neither_side_has_won(run: Run) -> None:
    last = run.metrics.read()[-1]
    for side in ("discriminator", "generator"):
        assert 0.1 < float(last[f"train_loss_{side}"]) < 4.0
        assert f"loss_{side}" in run.steps.read()[-1]


def test_the_best_weights_make_images_of_noise(run: Run) -> None:
    trainer = Trainer(run.work_dir)
    trainer.load_run(0)
    images = trainer.predict(torch.randn(16, 1, 8, 8, generator=torch.Generator().manual_seed(0)))
    assert images.shape == (16, 1, 8, 8)
    assert float(images.min()) >= 0.0 and float(images.max()) <= 1.0
    assert len(images.flatten(1).unique(dim=0)) == 16


def test_the_same_seed_gives_the_same_bits(run: Run, tmp_path: Path) -> None:
    trainer = Trainer(tmp_path / "exp", **_groups(run))
    again = trainer.fit({"fit_kwargs.max_epochs": 2})
    two_epochs = run.metrics_path.read_bytes().splitlines()[:3]
    assert again.metrics_path.read_bytes().splitlines() == two_epochs


def _groups(run: Run) -> dict[str, dict[str, object]]:
    config = run.read_config()
    names = ("task_kwargs", "model_kwargs", "optimizer_kwargs")
    return {**{name: config[name] for name in names}, "log_kwargs": {"progress": False}}
