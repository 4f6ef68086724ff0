"""A program for the tests: has several ranks do together what it is asked to, each time anew.

`python -m tests.resilience.rank_server` imports torch and stride once, then reads requests, a line
of JSON each, and forks one process for each rank, as a launcher would start them: they find each
other by torchrun's variables, and each plays a scene of `rank_scenes`. The server waits for all of
them, kills those that are to die with another, and says how each ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import torch
import torch._dynamo  # by the first optimiser, else, and that takes longer than a training here

from stride.errors import StoppedError
from tests.resilience.deaths import AfterSeconds, Death, Fate
from tests.resilience.rank_scenes import play

_PATIENCE = 60.0
"""Seconds that ranks have after the first has ended: far more than they need."""

Request = dict[str, Any]


def rank_process(request: Request, rank: int, port: int) -> NoReturn:
    """Be one of the ranks: play, leave an answer, and end."""
    folder = Path(request["folder"])
    output = os.open(folder / f"output-{rank}.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.chdir(folder)  # what a training leaves where it was started is left here
    place = {"RANK": rank, "WORLD_SIZE": request["ranks"], "LOCAL_RANK": rank}
    os.environ |= {name: str(number) for name, number in place.items()}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    fate = Fate(_death(request, rank), folder / "exp")
    answer: dict[str, Any] = {"value": None}
    code = 1
    try:
        answer["value"] = play(request["scene"], request["arguments"], fate)
        code = 0
    except StoppedError:
        code = 75
    except KeyboardInterrupt:
        code = 130
    except BaseException:  # noqa: BLE001 - whatever it is, the test that asked shows it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        answer |= {"steps": fate.steps, "events": fate.events}
        written = folder / f"answer-{rank}.tmp"
        written.write_text(json.dumps(answer))
        written.rename(folder / f"answer-{rank}.json")  # whole, or none: it may be killed here
        os._exit(code)


def _death(request: Request, rank: int) -> Death | None:
    return msgspec.convert(request["deaths"].get(str(rank)), type=Death | None)


def serve(request: Request) -> dict[str, Any]:
    """Fork the ranks, wait for them; say how each ended, and which of them had to be ended here."""
    folder, count = Path(request["folder"]), request["ranks"]
    for rank in range(count):
        (folder / f"answer-{rank}.json").unlink(missing_ok=True)
        (folder / f"output-{rank}.txt").write_text("")  # it may be killed before it has one
    begun = time.monotonic()
    with socket.socket() as holding:  # the port is nobody else's, and a rank can listen there
        holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holding.bind(("127.0.0.1", 0))
        port = holding.getsockname()[1]
        processes = []
        for rank in range(count):
            process = os.fork()
            if process == 0:
                holding.close()
                rank_process(request, rank, port)
            processes.append(process)
        codes, seconds, left = _wait(request, processes, begun)
    return {
        "left": left,
        "ranks": [
            {"code": codes[rank], "seconds": seconds[rank], **_told(folder, rank)}
            for rank in range(count)
        ],
    }


def _told(folder: Path, rank: int) -> dict[str, Any]:
    path = folder / f"answer-{rank}.json"
    answer: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return {"output": (folder / f"output-{rank}.txt").read_text(errors="replace"), **answer}


def _wait(
    request: Request, processes: list[int], begun: float
) -> tuple[dict[int, int], dict[int, float], list[int]]:
    """The exit code of each rank, the seconds that it took, and the ranks that did not end."""
    ended: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()

    def wait_for(rank: int, process: int) -> None:
        ended.put((rank, os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])))

    threads = [
        threading.Thread(target=wait_for, args=each, daemon=True) for each in enumerate(processes)
    ]
    for thread in threads:
        thread.start()
    codes: dict[int, int] = {}
    seconds: dict[int, float] = {}
    left: list[int] = []
    clocks = {
        rank: begun + death.seconds
        for rank in range(len(processes))
        if isinstance(death := _death(request, rank), AfterSeconds)
    }
    limit = begun + 3 * _PATIENCE
    while len(codes) < len(processes):
        wait = min([limit, *clocks.values()]) - time.monotonic()
        try:
            rank, code = ended.get(timeout=max(wait, 0.001))
        except queue.Empty:
            now = time.monotonic()
            dying = [rank for rank, moment in clocks.items() if moment <= now]
            if not dying and now >= limit:
                left = dying = [rank for rank in range(len(processes)) if rank not in codes]
                limit = now + _PATIENCE
            for rank in dying:
                clocks.pop(rank, None)
                _kill(rank, processes, codes)
            continue
        codes[rank] = code
        seconds[rank] = time.monotonic() - begun
        clocks.pop(rank, None)
        if len(codes) == 1:
            limit = min(limit, time.monotonic() + _PATIENCE)
        if code == -signal.SIGKILL and request["together"]:
            for other in range(len(processes)):
                _kill(other, processes, codes)
    for thread in threads:
        thread.join()
    return codes, seconds, left


def _kill(rank: int, processes: list[int], codes: dict[int, int]) -> None:
    if rank not in codes:
        with contextlib.suppress(ProcessLookupError):  # ended, and not heard of yet
            os.kill(processes[rank], signal.SIGKILL)


def main() -> None:
    """Serve request after request, until there are no more."""
    torch.set_num_threads(1)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(serve(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
