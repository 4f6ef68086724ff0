"""What the ranks of the tests do: each function is a scene, played by every rank.

What it returns is the answer of the process, as JSON on stdout.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from stride.config.fit_kwargs import FitKwargs
from stride.errors import StoppedError
from stride.training.ranks.environment import find_ranks
from stride.training.ranks.process_group import join
from stride.training.ranks.ranks import Ranks
from stride.training.updater import Updater

NUMBERS = [
    [0.1, 1e16, -0.0],
    [0.2, 1.0, -0.0],
    [0.3, -1e16, -0.0],
    [1e-17, 1.0, -0.0],
    [7.0, 3.0, 0],
]
"""What each of at most five ranks adds: the order of the additions shows in the sums."""


def play(scene: str, arguments: list[str]) -> None:
    """Join the others, play, answer."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    place = find_ranks(os.environ)
    assert place is not None
    with join(place, torch.device("cpu"), patience=1.0 if scene == "hang" else 60.0) as ranks:
        answer = _SCENES[scene](ranks, *arguments)
    json.dump(answer, sys.stdout)


def talk(ranks: Ranks) -> dict[str, Any]:
    """Every kind of meeting once."""
    ranks.barrier()
    tensors = [torch.full((3,), float(ranks.rank)), torch.tensor(ranks.rank == 0), torch.empty(0)]
    ranks.broadcast_tensors(tensors)
    return {
        "place": [ranks.rank, ranks.world_size, ranks.local_rank, ranks.nodes, ranks.is_first],
        "numbers": [number.hex() for number in ranks.sum_numbers(NUMBERS[ranks.rank])],
        "short": ranks.broadcast({"rank": ranks.rank, "nan": float("nan").hex()}),
        "long": len(ranks.broadcast("x" * 5000 if ranks.is_first else None)),
        "all": [len(text) for text in ranks.gather("y" * 1000 * ranks.rank)],
        "broadcast": [tensor.tolist() for tensor in tensors],
        "cause": str(ranks.cause(ValueError("mine"))),
    }


def gradients(rank: int) -> list[Tensor]:
    """Of several types and shapes, in several buckets: no two additions of them are alike."""
    drawn = torch.Generator().manual_seed(rank)

    def some(*shape: int) -> Tensor:
        return torch.randn(shape, generator=drawn)

    wide = some(4, 3, 5, 5).to(memory_format=torch.channels_last)
    return [
        some(7, 3),
        some(11).bfloat16(),
        some(7_000_000),
        wide,
        torch.tensor(rank),
        some(5).half(),
        torch.empty(0),
        some(500, 100).t(),
    ]


def add(ranks: Ranks) -> list[list[Any]]:
    """Sum tensors, twice, with something else in between."""
    first, second = gradients(ranks.rank), gradients(ranks.rank)
    ranks.sum_tensors(first)
    ranks.sum_tensors([torch.ones(3)])
    ranks.sum_tensors(second)
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))
    expected = [
        torch.stack(parts).double().sum(0)
        for parts in zip(*map(gradients, range(ranks.world_size)), strict=True)
    ]
    close = [
        torch.allclose(one.double(), other, rtol=0.02, atol=0.1)
        for one, other in zip(first, expected, strict=True)
    ]
    return [close, [_digest(tensor) for tensor in first]]


def update(ranks: Ranks) -> list[Any]:
    """Sum gradients of which some are missing: here, there, everywhere."""
    weights = [nn.Parameter(torch.zeros(2)) for _ in range(4)]
    updater = Updater(
        torch.optim.SGD(weights, lr=1.0), FitKwargs(), torch.device("cpu"), ranks=ranks
    )
    both, first, second, none = weights
    both.grad = torch.full((2,), 1.0 + ranks.rank)
    (second if ranks.rank else first).grad = torch.full((2,), 5.0)
    assert none.grad is None
    loss, items = torch.tensor(3.0 + ranks.rank), torch.tensor(4.0 * (1 + ranks.rank))
    counted = items if ranks.rank else 4
    total, factor = updater.sum_over_ranks(loss, counted, 1.0)
    gradients = [None if each.grad is None else each.grad.tolist() for each in weights]
    return [gradients, total.item(), factor.item(), loss.item(), items.item()]


def _digest(tensor: Tensor) -> str:
    return hashlib.sha256(tensor.contiguous().reshape(-1).view(torch.uint8).numpy()).hexdigest()


def fail(ranks: Ranks, others: str) -> None:
    """Rank 1 raises, while the others wait for it in a meeting or do something of their own."""
    if ranks.rank == 1:
        raise ValueError("no such thing")
    _others(ranks, others)


def die(ranks: Ranks, others: str, whose: str) -> None:
    """A rank is killed, whose worker lives on."""
    if ranks.rank == int(whose):
        if os.fork() == 0:
            _outlive_the_parent()
        os.kill(os.getpid(), signal.SIGKILL)
    _others(ranks, others)


def _outlive_the_parent() -> None:
    """Keep all that was inherited until the test has seen the others end, and hangs up."""
    for stream in (1, 2):
        os.close(stream)
    os.read(0, 1)
    os._exit(0)


def hang(ranks: Ranks) -> None:
    """Rank 1 never comes."""
    if ranks.rank == 1:
        threading.Event().wait()
    ranks.barrier()


def stop(ranks: Ranks) -> None:
    """All were asked to stop, at one edge."""
    ranks.barrier()
    raise StoppedError("asked to stop")


def _others(ranks: Ranks, what: str) -> None:
    if what == "busy":
        ranks.before_ending(lambda sentence: json.dump(sentence, sys.stdout))
        threading.Event().wait()
    ranks.barrier()


_SCENES: dict[str, Callable[..., Any]] = {
    scene.__name__: scene for scene in (talk, add, update, fail, die, hang, stop)
}
