"""The names of the files that hold the tensors of a checkpoint, one of each rank."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAME = re.compile(r"tensors-[0-9]{5}-of-([0-9]{5})\.safetensors", re.ASCII)


def shard_name(rank: int, ranks: int) -> str:
    """`tensors-00001-of-00002.safetensors` of the first of two ranks."""
    return f"tensors-{rank + 1:05d}-of-{ranks:05d}.safetensors"


def shards_among(names: Iterable[str]) -> list[str]:
    """The names of such files, in order; none of them where a checkpoint is not sharded."""
    return sorted(name for name in names if _NAME.fullmatch(name))


def ranks_of(name: str) -> int:
    """How many ranks wrote, by the name of one file."""
    match = _NAME.fullmatch(name)
    assert match is not None, name
    return int(match[1])
