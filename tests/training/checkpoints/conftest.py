"""What the tests of checkpoints share: a run, and a small state at any step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from stride.files import sha256_of
from stride.store.run import Run
from stride.store.work_dir import WorkDir


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return WorkDir(tmp_path / "exp").create({})


@pytest.fixture
def state_at() -> Callable[[int], dict[str, Any]]:
    """The state of a training at a step: other tensors and numbers at each."""
    return lambda step: {
        "model": {"weight": torch.full((100,), float(step)), "bias": torch.tensor(step)},
        "position": {"step": step},
    }


@pytest.fixture
def write_best(run: Run) -> Callable[..., dict[str, str]]:
    """Replaces a file of best weights, as a training does, and gives its digest by its name."""

    def write(content: bytes, name: str = "best.safetensors") -> dict[str, str]:
        run.weights_path.mkdir(exist_ok=True)
        temporary = run.weights_file("new")
        temporary.write_bytes(content)
        temporary.replace(run.weights_file(name))
        return {name: sha256_of(content)}

    return write
