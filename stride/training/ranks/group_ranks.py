"""Group ranks: one of several processes, whose meetings are collectives of torch.distributed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, final

import torch
import torch.distributed as dist
from torch import Tensor

from stride.training.ranks.buckets import Buckets, Pending, grouped
from stride.training.ranks.cause import cause_of
from stride.training.ranks.environment import RankPlace
from stride.training.ranks.message import decode, encode
from stride.training.ranks.ranks import Ranks
from stride.training.ranks.watch import Watch

_HEAD_BYTES = 1024  # most messages are shorter, and need one collective
_SIZE_BYTES = 8


@final
class GroupRanks(Ranks):
    """This process among several, while the default process group of torch.distributed stands.

    Numbers and messages travel on the CPU, also where tensors are on GPUs.

    Args:
        place: which of them this is.
        watch: knows of failures elsewhere.
    """

    def __init__(self, place: RankPlace, watch: Watch) -> None:
        self.rank = place.rank
        self.world_size = place.world_size
        self.local_rank = place.local_rank
        self.nodes = place.nodes
        self._watch = watch
        self._buckets = Buckets(_send_sum)

    def sum_tensors(self, tensors: Sequence[Tensor]) -> None:
        """See `Ranks`: buckets of at most 25 MB, on their way at the same time."""
        with self._meeting("a sum of tensors"):
            self._buckets.sum(tensors)

    def sum_numbers(self, numbers: Sequence[float]) -> list[float]:
        """See `Ranks`: all get all numbers, and each adds them in the order of ranks."""
        mine = torch.tensor(numbers, dtype=torch.float64)
        with self._meeting("a sum of numbers"):
            rows = [row.tolist() for row in self._gathered(mine)]
        sums: list[float] = rows[0]
        for row in rows[1:]:
            sums = [one + other for one, other in zip(sums, row, strict=True)]
        return sums

    def broadcast(self, value: Any) -> Any:
        """See `Ranks`."""
        data = encode(value) if self.is_first else b""
        with self._meeting("a message of rank 0"):
            head = _head_of(data)
            dist.broadcast(head, 0)
            rest = torch.empty(_rest_size(head), dtype=torch.uint8)
            if len(rest):
                if self.is_first:
                    rest.copy_(_as_tensor(data[_HEAD_BYTES:]))
                dist.broadcast(rest, 0)
        return decode(_joined(head, rest))

    def gather(self, value: Any) -> list[Any]:
        """See `Ranks`."""
        data = encode(value)
        with self._meeting("messages of all ranks"):
            heads = self._gathered(_head_of(data))
            longest = max(_rest_size(head) for head in heads)
            rests = heads
            if longest:
                mine = torch.zeros(longest, dtype=torch.uint8)
                mine[: max(len(data) - _HEAD_BYTES, 0)] = _as_tensor(data[_HEAD_BYTES:])
                rests = self._gathered(mine)
        return [decode(_joined(head, rest)) for head, rest in zip(heads, rests, strict=True)]

    @torch.no_grad()
    def broadcast_tensors(self, tensors: Sequence[Tensor]) -> None:
        """See `Ranks`: as bytes, so that any type is exact."""
        with self._meeting("tensors of rank 0"):
            for places in grouped(tensors):
                inside = [tensors[place] for place in places]
                flat = torch.cat([tensor.reshape(-1) for tensor in inside])
                dist.broadcast(flat.view(torch.uint8), 0)
                if not self.is_first:
                    pieces = torch.split(flat, [tensor.numel() for tensor in inside])
                    for tensor, piece in zip(inside, pieces, strict=True):
                        tensor.copy_(piece.view(tensor.shape))

    def barrier(self) -> None:
        """See `Ranks`."""
        with self._meeting("a barrier"):
            self._gathered(torch.zeros(1, dtype=torch.uint8))

    def cause(self, error: BaseException) -> BaseException:
        """See `Ranks`: waits only where the error is one of the network."""
        return cause_of(error, self.rank, self._watch)

    def before_ending(self, tell: Callable[[str], None]) -> None:
        """See `Ranks`."""
        self._watch.before_ending(tell)

    @contextlib.contextmanager
    def _meeting(self, what: str) -> Iterator[None]:
        """A time in which others are waited for, and their failures are named."""
        failure = self._watch.failure
        if failure is not None:
            raise failure.error()
        with self._watch.meeting(what):
            try:
                yield
            except RuntimeError as error:
                cause = self.cause(error)
                if cause is error:
                    raise
                raise cause from error

    def _gathered(self, mine: Tensor) -> list[Tensor]:
        """The tensors of all ranks, which are as long as this one, on the CPU."""
        every = [torch.empty_like(mine) for _ in range(self.world_size)]
        dist.all_gather(every, mine)
        return every


def _send_sum(flat: Tensor) -> Pending:
    pending: Pending | None = dist.all_reduce(flat, async_op=True)
    assert pending is not None  # it is None only in a process outside of the group
    return pending


def _head_of(data: bytes) -> Tensor:
    """The size of a message and its beginning."""
    head = torch.zeros(_SIZE_BYTES + _HEAD_BYTES, dtype=torch.uint8)
    begin = len(data).to_bytes(_SIZE_BYTES) + data[:_HEAD_BYTES]
    head[: len(begin)] = _as_tensor(begin)
    return head


def _rest_size(head: Tensor) -> int:
    """How many bytes of the message the head has no room for."""
    return max(_size(head) - _HEAD_BYTES, 0)


def _size(head: Tensor) -> int:
    return int.from_bytes(head[:_SIZE_BYTES].numpy().tobytes())


def _joined(head: Tensor, rest: Tensor) -> bytes:
    """The message that came as a head and, if it is longer, a rest that may be padded."""
    size = _size(head)
    data = head[_SIZE_BYTES:].numpy().tobytes()
    if size > _HEAD_BYTES:
        data += rest.numpy().tobytes()
    return data[:size]


def _as_tensor(data: bytes) -> Tensor:
    """The bytes as a tensor of its own."""
    return torch.frombuffer(bytearray(data), dtype=torch.uint8) if data else torch.empty(0).byte()
