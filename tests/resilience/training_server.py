"""A program for the tests: trains what it is asked to, each time in a process of its own.

`python -m tests.resilience.training_server` imports torch and stride once, then reads requests, a
line of JSON each, and forks a fresh child for every one. The child is a process like any other: it
trains through the public API, and where a death is asked for it ends by a real SIGKILL. What is
spared is the second or two of importing torch, so that hundreds of kills take minutes. The server
itself never computes: a process that has threads of torch cannot be forked safely.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import torch
import torch._dynamo  # by the first optimiser, else, and that takes longer than a training here

from stride.training.trainer import Trainer
from tests.resilience.deaths import AfterSeconds, Death, Fate
from tests.resilience.training_cases import case_named


def train(request: dict[str, Any], fate: Fate) -> None:
    """Create the run `x` of the experiment and train it, or go on with it, or see that it is done.

    All that is told on the way goes to `output.txt` beside the experiment.
    """
    case = case_named(request["case"])
    arguments = case.arguments(device=request["device"], above=request["settings"])
    largest = request["largest_file"]
    if largest is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    fate.begin()
    trainer = Trainer(Path(request["folder"]) / "exp", **arguments)
    trainer.fit(request["overrides"], run="x", resume=True)


def child(request: dict[str, Any], death: Death | None, counts: int) -> NoReturn:
    """Train, tell the counts, and end."""
    folder = Path(request["folder"])
    output = os.open(folder / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.chdir(folder)  # what a training leaves where it was started is left here
    fate = Fate(death, folder / "exp")
    code = 70
    try:
        train(request, fate)
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the test that asked shows it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(counts, json.dumps({"steps": fate.steps, "events": fate.events}).encode())
        os._exit(code)


def serve(request: dict[str, Any]) -> dict[str, Any]:
    """Fork a child that trains; say how it ended."""
    reading, writing = os.pipe()
    death = msgspec.convert(request["death"], type=Death | None)
    told = Path(request["folder"], "output.txt")
    told.write_text("")  # it may be killed before it has one
    begun = time.monotonic()
    process = os.fork()
    if process == 0:
        os.close(reading)
        child(request, death, writing)
    os.close(writing)
    if isinstance(death, AfterSeconds):
        ended, _, _ = select.select([reading], [], [], death.seconds)
        if not ended:
            os.kill(process, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    seconds = time.monotonic() - begun
    # What there is; its end would come only after that of workers, which may outlive the child.
    os.set_blocking(reading, False)
    try:
        counts = json.loads(os.read(reading, 1000) or b"{}")
    except BlockingIOError:
        counts = {}
    os.close(reading)
    output = told.read_text(errors="replace")
    return {"code": code, "seconds": seconds, "output": output, **counts}


def main() -> None:
    """Serve request after request, until there are no more."""
    torch.set_num_threads(1)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(serve(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
