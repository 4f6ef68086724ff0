"""Ranks for the tests: processes that form a group and run a function together."""

from __future__ import annotations

import multiprocessing
import tempfile
import traceback
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import torch
import torch.distributed

_SECONDS = 60
"""After which ranks that wait for each other are given up."""

_CONTEXT = multiprocessing.get_context("forkserver")
# What takes seconds to import is imported once; each rank is forked from there.
_CONTEXT.set_forkserver_preload(
    [
        *("torch", "torch._dynamo", "torch.distributed.tensor", "torch.distributed.fsdp"),
        *("torch.distributed.checkpoint", "safetensors.torch"),
        *("stride.training.sharding.shard_model", "stride.training.checkpoints.shard_writer"),
    ]
)


def on_ranks(count: int, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """What `function(*arguments)` gives on each rank; the default group is there, with gloo.

    Args:
        function: at the top of a module. What it gives is numbers, text, bytes, or such.
    """
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        pipes = [_CONTEXT.Pipe(duplex=False) for _ in range(count)]
        processes = [
            _CONTEXT.Process(target=_run, args=(rank, count, store, writing, function, arguments))
            for rank, (_, writing) in enumerate(pipes)
        ]
        for process, (_, writing) in zip(processes, pipes, strict=True):
            process.start()
            writing.close()
        try:
            return _receive([reading for reading, _ in pipes])
        finally:
            for process in processes:
                process.kill()
                process.join()


def _receive(pipes: list[Connection]) -> list[Any]:
    """The results in order; the first failure ends it."""
    results: dict[int, Any] = {}
    open_pipes = list(pipes)
    while open_pipes:
        ready = wait(open_pipes, timeout=_SECONDS)
        assert ready, "the ranks hang"
        for pipe in ready:
            assert isinstance(pipe, Connection)
            failure, result = pipe.recv()
            if failure:
                raise AssertionError(f"rank {pipes.index(pipe)} failed:\n{failure}")
            results[pipes.index(pipe)] = result
            open_pipes.remove(pipe)
    return [results[rank] for rank in range(len(pipes))]


def _run(
    rank: int,
    count: int,
    store: Path,
    pipe: Connection,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    try:
        torch.distributed.init_process_group(
            "gloo", init_method=store.as_uri(), rank=rank, world_size=count
        )
        result = function(*arguments)
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
    except BaseException:  # noqa: BLE001 - whatever it is, the test that asked shows it
        pipe.send((traceback.format_exc(), None))
    else:
        pipe.send(("", result))
