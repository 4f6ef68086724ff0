"""Compiling: the same weights and numbers by compiled code, and a sentence where there is no
compiler. In processes of their own: what torch.compile imports and starts stays in a process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_COMPILE = """
import torch
from torch import nn
from stride.training.compiling import check_compiler, compile_modules
from stride.training.output import Output
from stride.training.task import Task

class Margin(Task, nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 1)

    def step(self, model, batch):
        return Output(self.head(model(batch)).square().mean())

check_compiler(torch.device("cpu"))
torch.manual_seed(0)
model, task = nn.Sequential(nn.Linear(4, 3), nn.Tanh()), Margin()
keys = [*model.state_dict(), *task.state_dict()]
batches = [torch.randn(8, 4), torch.randn(5, 4), torch.randn(8, 4)]
plain = [task.step(model, batch).losses for batch in batches]
undo = compile_modules(model, task)
assert model._compiled_call_impl is not None and task.head._compiled_call_impl is not None
compiled = [task.step(model, batch).losses for batch in batches]
torch.testing.assert_close(compiled, plain)
compiled[0].backward()
assert model[0].weight.grad is not None
assert [*model.state_dict(), *task.state_dict()] == keys
frames = torch._dynamo.utils.counters["frames"]["ok"]
# Each shape has its own code, and none is made again.
assert torch.equal(task.step(model, batches[0]).losses, compiled[0])
assert torch._dynamo.utils.counters["frames"]["ok"] == frames
undo()
assert torch.equal(task.step(model, batches[0]).losses, plain[0])
"""

_CHECK = """
import torch
from stride.errors import ConfigError
from stride.training.compiling import check_compiler

try:
    check_compiler(torch.device("cpu"))
except ConfigError as error:
    print(error)
"""


def _python(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.skipif(
    not (shutil.which("g++") or shutil.which("clang++")), reason="there is no C++ compiler"
)
def test_compiled_modules_compute_the_same_and_keep_the_keys_of_their_weights() -> None:
    done = _python(_COMPILE)
    assert done.returncode == 0, done.stderr[-3000:]


def test_without_a_compiler_one_sentence_says_what_is_needed(tmp_path: Path) -> None:
    done = _python(_CHECK, PATH=str(tmp_path), CXX="", TORCHINDUCTOR_CACHE_DIR=str(tmp_path))
    assert done.stdout.startswith("fit_kwargs.compile needs a C++ compiler (g++ or clang++)")
    assert done.stdout.endswith("install it, or set fit_kwargs.compile=false\n")
    assert len(done.stdout.splitlines()) == 1
