"""The worker processes: they outlive what asks the training to stop, and nothing else."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch

from stride.training.batches.order import Order
from stride.training.batches.sample_batches import SampleBatches
from tests.training.batches.own_data import Broken, ByEpoch

ROOT = Path(__file__).parents[3]
LEFT_BEHIND = """
import gc, torch
from stride.training.batches.order import Order
from stride.training.batches.sample_batches import SampleBatches
from tests.training.batches.own_data import Broken

gc.disable()
order = Order(20, 6, shuffle=False, drop_last=False, seed=1)
options = dict(num_workers=2, seed=1, split="train", device=torch.device("cpu"))
batches = SampleBatches(Broken(), order, **options)
try:
    list(batches.epoch(1))
except OSError as error:
    kept = error  # with its traceback, in which the loader is
batches = None
print("over")
"""


def _batches(workers: int) -> SampleBatches:
    order = Order(20, 2, shuffle=False, drop_last=False, seed=1)
    cpu = torch.device("cpu")
    return SampleBatches(ByEpoch(), order, num_workers=workers, seed=1, split="train", device=cpu)


@pytest.mark.parametrize(
    "sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1], ids=lambda s: s.name
)
def test_a_signal_to_all_processes_does_not_end_the_epoch(sent: signal.Signals) -> None:
    batches = _batches(2)
    windows = batches.windows(1)
    found = [next(windows), next(windows)]  # one of each: both have begun
    for process in multiprocessing.active_children():
        assert process.pid is not None
        os.kill(process.pid, sent)
    found += windows
    batches.rest()
    assert len(found) == 10


def test_rest_ends_the_processes_even_where_a_traceback_keeps_the_loader() -> None:
    order = Order(20, 6, shuffle=False, drop_last=False, seed=1)
    cpu = torch.device("cpu")
    batches = SampleBatches(Broken(), order, num_workers=2, seed=1, split="train", device=cpu)
    with pytest.raises(OSError, match="cannot be decoded") as raised:
        list(batches.epoch(1))
    assert len(multiprocessing.active_children()) == 2
    batches.rest()
    assert multiprocessing.active_children() == []
    assert raised.value.__traceback__ is not None


def test_a_script_ends_although_it_left_its_workers_behind() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEFT_BEHIND], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "over\n", "")


def test_workers_end_with_a_training_that_was_killed() -> None:
    code = (
        "import os, signal, sys, multiprocessing\n"
        "from tests.training.batches.test_workers import _batches\n"
        "windows = _batches(2).windows(1)\nnext(windows)\n"
        "print(*[each.pid for each in multiprocessing.active_children()], flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert done.returncode == -signal.SIGKILL
    for pid in done.stdout.split():
        if psutil.pid_exists(int(pid)):
            psutil.Process(int(pid)).wait(timeout=60)


SPAWNED = """
import multiprocessing, torch
from stride.training.batches.iterable_batches import IterableBatches
from stride.training.batches.order import Order
from stride.training.batches.sample_batches import SampleBatches
from tests.training.batches.own_data import Given, StatefulStream

def epochs(workers):
    options = dict(num_workers=workers, seed=1, split="train", device=torch.device("cpu"))
    order = Order(20, 6, shuffle=True, drop_last=False, seed=1)
    samples = SampleBatches(Given(), order, **options)
    stream = IterableBatches(StatefulStream(), batch_size=6, drop_last=False, **options)
    found = [[batch["x"].tolist() for batch in samples.epoch(epoch)] for epoch in (1, 2)]
    found += [[batch.tolist() for batch in stream.epoch(epoch)] for epoch in (1, 2)]
    samples.rest(), stream.rest()
    return found

if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    print(epochs(1) == epochs(0))
"""


def test_workers_that_are_no_forks_give_the_same(tmp_path: Path) -> None:
    script = tmp_path / "spawned.py"
    script.write_text(SPAWNED)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"True\n")
    assert b"Error" not in done.stderr  # multiprocessing may say there what it tidied up itself
