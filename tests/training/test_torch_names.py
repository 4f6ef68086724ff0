"""The names in torch's source agree with torch itself."""

from __future__ import annotations

import subprocess
import sys

import torch
from torch import nn
from torch.optim import lr_scheduler

from stride.training.torch_names import loss_sources, optimizer_sources, scheduler_sources


def test_every_optimizer_of_torch_is_found() -> None:
    there = {
        name
        for name, thing in vars(torch.optim).items()
        if isinstance(thing, type) and issubclass(thing, torch.optim.Optimizer)
    }
    assert set(optimizer_sources()) == there - {"Optimizer"}


def test_every_scheduler_of_torch_is_found() -> None:
    there = {
        name
        for name, thing in vars(lr_scheduler).items()
        if isinstance(thing, type) and issubclass(thing, lr_scheduler.LRScheduler)
    }
    assert set(scheduler_sources()) == {name for name in there if "LRSch" not in name}


def test_every_loss_that_is_found_is_one_of_torch_nn() -> None:
    assert {"CrossEntropyLoss", "MSELoss", "L1Loss"} <= set(loss_sources())
    assert all(issubclass(getattr(nn, name), nn.Module) for name in loss_sources())


def test_where_torch_is_not_installed_the_sentence_says_what_to_do() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from stride.training.catalog import BuiltinCatalog\n"
        "print(BuiltinCatalog().signature('model', 'MLP').parameters[0].name)\n"
        "BuiltinCatalog().signature('optimizer', 'AdamW')"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True
    )
    assert result.stdout == "hidden_dims\n"
    assert "CodeReferenceError: torch is not installed" in result.stderr


def test_torch_is_not_imported_for_it() -> None:
    code = (
        "import sys; from stride.training.torch_names import *; optimizer_sources();"
        "scheduler_sources(); loss_sources(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
