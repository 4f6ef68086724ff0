"""Several processes that do one thing together, as a launcher would start them.

Run as a program it is the launcher: it imports torch once, and forks one process for each rank.
Each of them joins the others and calls a function of `own_ranks.py`. Run with a scene only, it is
one rank, whose launcher is another program.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

_ROOT = Path(__file__).parents[3]
_SECONDS = 60.0  # after this they count as hanging: far more than any of them needs


@dataclass(frozen=True)
class Ended:
    """One process that has ended: its exit code, what it answered, what it said on stderr."""

    code: int
    answer: object
    errors: str


def together(folder: Path, scene: str, world_size: int, *arguments: object) -> list[Ended]:
    """Have a scene of `own_ranks.py` played by so many processes; wait for all of them."""
    words = [sys.executable, __file__, scene, *map(str, arguments)]
    environ = os.environ | {"RANKS_OF_TEST": str(world_size)}
    with subprocess.Popen(
        words, env=environ, cwd=folder, stdin=subprocess.PIPE, start_new_session=True
    ) as launcher:
        try:
            assert launcher.wait(_SECONDS) == 0
        finally:
            os.killpg(launcher.pid, signal.SIGKILL) if launcher.poll() is None else None
    codes = msgspec.json.decode((folder / "codes").read_bytes(), type=list[int])
    return [_ended(folder, rank, code) for rank, code in enumerate(codes)]


def _ended(folder: Path, rank: int, code: int) -> Ended:
    answer = (folder / f"answer-{rank}").read_bytes()
    errors = (folder / f"errors-{rank}").read_text()
    return Ended(code, msgspec.json.decode(answer) if answer else None, errors)


def _launch(world_size: int) -> list[int]:
    """Fork the ranks, wait for them; their exit codes, negative where a signal ended them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    ranks = [_fork(rank, world_size, port) for rank in range(world_size)]
    return [os.waitstatus_to_exitcode(os.waitpid(rank, 0)[1]) for rank in ranks]


def _fork(rank: int, world_size: int, port: int) -> int:
    """Begin a rank with what torchrun would set."""
    child = os.fork()
    if child:
        return child
    for stream, name in ((1, "answer"), (2, "errors")):
        os.dup2(os.open(f"{name}-{rank}", os.O_WRONLY | os.O_CREAT), stream)
    os.environ |= {
        "RANK": str(rank),
        "WORLD_SIZE": str(world_size),
        "LOCAL_RANK": str(rank),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    play(sys.argv[1], sys.argv[2:])
    sys.exit(0)


if __name__ == "__main__":
    sys.path.insert(0, str(_ROOT))
    from tests.training.ranks.own_ranks import play

    if "RANK" in os.environ:
        play(sys.argv[1], sys.argv[2:])
    else:
        codes = _launch(int(os.environ["RANKS_OF_TEST"]))
        Path("codes").write_bytes(msgspec.json.encode(codes))
