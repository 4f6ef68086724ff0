from __future__ import annotations

import itertools
import resource
import signal
from pathlib import Path

import torch
from torch import nn
from torch.distributed import get_rank

from stride.errors import StorageError
from stride.files import sha256_of
from stride.training.checkpoints.tensor_file import DTYPES
from stride.training.sharding.local import place_tensors
from stride.training.supervised import Supervised
from stride.training.weights import decode_weights, encode_weights, put_weights
from stride.training.whole_weights import write_whole_weights
from tests.training.sharding.models import all_ranks, build, build_sharded
from tests.training.sharding.ranks import on_ranks


class AllTypes(nn.Module):
    """Buffers of all types of numbers, named against their order, empty ones and views."""

    def __init__(self) -> None:
        super().__init__()
        for number, dtype in enumerate(DTYPES):
            name = f"{'zyxwvutsrqponmlkjih'[number]}_ä"
            self.register_buffer(name, torch.arange(5).to(dtype))
        for name, dtype in itertools.product("ba", (torch.int64, torch.float32)):
            self.register_buffer(f"{name}_{DTYPES[dtype]}", torch.empty(0, 3, dtype=dtype))
        memory = torch.randn(4, 3)
        self.register_buffer("turned", memory.t())
        self.register_buffer("row", memory[1])
        self.register_buffer("again", memory[1])


def weights_of_a_sharded_model(folder: Path) -> str | None:
    model = build_sharded(all_ranks())
    path = folder / "weights" if get_rank() == 0 else None
    facts = write_whole_weights(path, model, Supervised("MSELoss"))
    return None if facts is None else facts.digest


def test_the_file_is_that_of_one_process_byte_by_byte(tmp_path: Path):
    content = encode_weights(build(), Supervised("MSELoss"))
    for ranks in (2, 4):
        digests = on_ranks(ranks, weights_of_a_sharded_model, tmp_path)
        assert digests == [sha256_of(content), *[None] * (ranks - 1)]
        assert (tmp_path / "weights").read_bytes() == content


def test_all_types_are_written_in_the_order_of_the_library(tmp_path: Path):
    model = AllTypes()
    write_whole_weights(tmp_path / "weights", model, Supervised("MSELoss"))
    assert (tmp_path / "weights").read_bytes() == encode_weights(model, Supervised("MSELoss"))


def weights_put_in(path: Path) -> bool:
    model = build_sharded(all_ranks(), seed=3)
    tensors = decode_weights(path.read_bytes(), path)
    put_weights(place_tensors(model, tensors), model, Supervised("MSELoss"), path)
    target = path.with_name("again") if get_rank() == 0 else None
    write_whole_weights(target, model, Supervised("MSELoss"))
    return target is None or target.read_bytes() == path.read_bytes()


def test_weights_of_one_process_are_put_into_a_sharded_model(tmp_path: Path):
    path = tmp_path / "weights"
    path.write_bytes(encode_weights(build(seed=8), Supervised("MSELoss")))
    assert on_ranks(2, weights_put_in, path) == [True, True]


def full_disk(folder: Path) -> str:
    model = build_sharded(all_ranks())
    first = get_rank() == 0
    if first:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
    try:
        write_whole_weights(folder / "weights" if first else None, model, Supervised("MSELoss"))
    except StorageError as error:
        return str(error)
    return "nothing"


def test_a_full_disk_leaves_no_rank_waiting(tmp_path: Path):
    said, nothing = on_ranks(2, full_disk, tmp_path)
    assert said.startswith("cannot write")
    assert nothing == "nothing"
