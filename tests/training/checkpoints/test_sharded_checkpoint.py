from __future__ import annotations

import json
import resource
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
import torch.distributed
from torch import Tensor
from torch.distributed.checkpoint import HuggingFaceStorageReader
from torch.distributed.tensor import DTensor, Shard, distribute_tensor
from torch.optim import AdamW

from stride.errors import StorageError, StoredFileError
from stride.files import sha256_of_file
from stride.training.checkpoints.shard_copy import copy_shards
from stride.training.checkpoints.shard_reader import read_sharded
from stride.training.checkpoints.shard_writer import write_shards
from stride.training.checkpoints.sharded_tree import encode_sharded
from stride.training.checkpoints.staging_buffer import StagingBuffer
from stride.training.checkpoints.tensor_file import byte_array_of
from stride.training.module_state import put_module_state, read_module_state
from stride.training.optimizer_state import put_optimizer_state
from stride.training.sharding.local import (
    is_sharded,
    local_of,
    place_module_state,
    place_optimizer_state,
)
from tests.training.sharding.models import all_ranks, batch, build, build_sharded, own_part
from tests.training.sharding.ranks import on_ranks


def world() -> Any:
    return torch.distributed.group.WORLD


def train(model: torch.nn.Module, optimizer: torch.optim.Optimizer, first: int, steps: int) -> None:
    for step in range(first, first + steps):
        torch.manual_seed(1000 + step)
        optimizer.zero_grad()
        (model(own_part(batch(step))).square().sum() / 12).backward()
        for parameter in model.parameters():
            if not is_sharded(parameter) and parameter.grad is not None:
                torch.distributed.all_reduce(parameter.grad)
        optimizer.step()
        for buffer in model.buffers():  # statistics that differ from rank to rank
            if buffer.is_floating_point():
                torch.distributed.all_reduce(buffer)
                buffer /= torch.distributed.get_world_size()


def state_of(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    return {"model": read_module_state(model), "optimizers": {"": optimizer.state_dict()}}


def put_back(model: torch.nn.Module, optimizer: torch.optim.Optimizer, state: Any) -> None:
    put_module_state(model, place_module_state(model, state["model"]))
    put_optimizer_state(optimizer, place_optimizer_state(optimizer, state["optimizers"][""]))


def save(state: Any, folder: Path) -> None:
    encoded = encode_sharded(state)
    files = write_shards(encoded.tensors, folder, world())
    if torch.distributed.get_rank() == 0:
        (folder / "state.json").write_text(json.dumps(encoded.skeleton))
        found = {path.name for path in folder.glob("*.safetensors")}
        assert files.keys() == found
        for name, facts in files.items():
            assert facts.size == (folder / name).stat().st_size
            assert facts.digest == sha256_of_file(folder / name)
    else:
        assert files == {}
    torch.distributed.barrier()


def load(folder: Path, mesh: Any) -> Any:
    return read_sharded(json.loads((folder / "state.json").read_text()), folder, mesh)


def whole_numbers(tree: Any) -> Any:
    """The tree with bytes in place of tensors, whole ones."""
    if isinstance(tree, Tensor):
        whole = tree.full_tensor() if isinstance(tree, DTensor) else tree
        return (str(whole.dtype), tuple(whole.shape), byte_array_of(whole).tobytes())
    if isinstance(tree, dict):
        return {key: whole_numbers(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [whole_numbers(value) for value in tree]
    return tree


def train_and_save(folder: Path) -> Any:
    mesh = all_ranks()
    model = build_sharded(mesh)
    optimizer = AdamW(model.parameters(), lr=0.01, fused=True)
    train(model, optimizer, 0, 2)
    save(state_of(model, optimizer), folder)
    saved = whole_numbers(state_of(model, optimizer))
    train(model, optimizer, 2, 2)
    return saved, whole_numbers(state_of(model, optimizer))


def go_on(folder: Path, *, whole: bool = False) -> Any:
    mesh = all_ranks()
    model = build_sharded(mesh, seed=5)
    optimizer = AdamW(model.parameters(), lr=0.5, fused=True)
    put_back(model, optimizer, load(folder, None if whole else mesh))
    put = whole_numbers(state_of(model, optimizer))
    train(model, optimizer, 2, 2)
    return put, whole_numbers(state_of(model, optimizer))


@pytest.mark.parametrize("ranks", [2, 3])
def test_a_training_goes_on_bit_by_bit_on_as_many_ranks(ranks: int, tmp_path: Path):
    ended = on_ranks(ranks, train_and_save, tmp_path)
    assert on_ranks(ranks, go_on, tmp_path) == ended


def go_on_from_whole_tensors(folder: Path) -> Any:
    return go_on(folder, whole=True)


def test_a_sharded_training_goes_on_from_whole_tensors(tmp_path: Path):
    ended = on_ranks(2, train_and_save, tmp_path)
    assert on_ranks(2, go_on_from_whole_tensors, tmp_path) == ended


def save_again(folder: Path, target: Path) -> Any:
    mesh = all_ranks()
    model = build_sharded(mesh, seed=5)
    optimizer = AdamW(model.parameters(), lr=0.5, fused=True)
    put_back(model, optimizer, load(folder, mesh))
    save(state_of(model, optimizer), target)
    return whole_numbers(state_of(model, optimizer))


def test_a_checkpoint_of_two_ranks_is_read_by_four_and_by_one_and_by_none(tmp_path: Path):
    folders = [tmp_path / name for name in ("two", "four", "one")]
    for folder in folders:
        folder.mkdir()
    saved, _ = on_ranks(2, train_and_save, folders[0])[0]
    for before, after, ranks in ((folders[0], folders[1], 4), (folders[1], folders[2], 1)):
        assert on_ranks(ranks, save_again, before, after) == [saved] * ranks
    model = build(seed=5)
    optimizer = AdamW(model.parameters(), lr=0.5, fused=True)
    put_back(model, optimizer, load(folders[1], None))
    assert whole_numbers(state_of(model, optimizer)) == saved
    assert len(list(folders[1].glob("*.safetensors"))) == 4


def edge_cases(folder: Path) -> Any:
    mesh = all_ranks()
    plain = {
        "one row": torch.ones(1, 3),
        "no row": torch.empty(0, 3),
        "bool": torch.arange(5) % 2 == 0,
        "bf16": torch.arange(7, dtype=torch.bfloat16).view(7, 1),
        "int": torch.arange(6),
    }
    sharded = {
        name: distribute_tensor(tensor, mesh, [Shard(0)], src_data_rank=None)
        for name, tensor in plain.items()
    }
    sharded["columns"] = distribute_tensor(torch.randn(2, 5), mesh, [Shard(1)])
    tied = sharded["int"].detach()
    state = {
        **{f"whole {name}": tensor for name, tensor in plain.items()},
        **sharded,
        "scalar": torch.tensor(2.5),
        "turned": torch.arange(6.0).view(2, 3).t(),
        "more": [(1, float("inf"), {3: tied, "nothing": None, "empty": [sharded["one row"]] * 2})],
    }
    own = encode_sharded({"own": torch.full((2,), float(torch.distributed.get_rank()))}, rank=1)
    encoded = encode_sharded(state)
    tensors = dict(encoded.tensors)
    if torch.distributed.get_rank() == 1:
        tensors |= own.tensors
    write_shards(tensors, folder, world())
    torch.distributed.barrier()
    # As torch's own reader of such files finds them.
    found = HuggingFaceStorageReader(str(folder)).read_metadata().state_dict_metadata
    assert found["bf16:sharded"].size == (7, 1) and len(found["bf16:sharded"].chunks) == 2
    read = read_sharded(encoded.skeleton, folder, mesh)
    assert read["columns"].placements == (Shard(1),)
    assert read["turned"].stride() == state["turned"].stride()
    assert read["more"][0][2]["empty"][0] is read["one row"]
    assert local_of(read["int"]).data_ptr() == local_of(read["more"][0][2][3]).data_ptr()
    assert torch.equal(read_sharded(own.skeleton, folder, mesh)["own"], torch.ones(2))
    return whole_numbers(read) == whole_numbers(state), sorted(encoded.tensors)


def test_all_kinds_of_tensors_come_back_and_each_is_written_once(tmp_path: Path):
    results = on_ranks(2, edge_cases, tmp_path)
    assert results[0] == results[1]
    equal, names = results[0]
    assert equal
    assert len([name for name in names if name.endswith(":sharded")]) == 6
    held = [safetensors.torch.load_file(path) for path in sorted(tmp_path.glob("*.safetensors"))]
    assert [each["bf16:sharded"].shape[0] for each in held] == [4, 3]
    assert sum("whole int" in each for each in held) == 1
    assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors"}  # and no pickle


def disk_of_one_rank_is_full(folder: Path) -> str:
    mesh = all_ranks()
    state = {"large": distribute_tensor(torch.randn(4096, 16), mesh, [Shard(0)])}
    if torch.distributed.get_rank() == 1:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
    try:
        write_shards(encode_sharded(state).tensors, folder, world())
    except StorageError as error:
        return str(error)
    return ""


def test_a_full_disk_of_one_rank_is_said_on_all(tmp_path: Path):
    for said in on_ranks(2, disk_of_one_rank_is_full, tmp_path):
        assert said.startswith("rank 1: cannot write")
        assert said.endswith("the file would be larger than the limit allows")


def missing_file(folder: Path) -> str:
    mesh = all_ranks()
    encoded = encode_sharded({"it": distribute_tensor(torch.randn(4, 2), mesh, [Shard(0)])})
    write_shards(encoded.tensors, folder, world())
    if torch.distributed.get_rank() == 0:
        (folder / "tensors-00002-of-00002.safetensors").unlink()
    torch.distributed.barrier()
    try:
        read_sharded(encoded.skeleton, folder, mesh)
    except StoredFileError as error:
        return str(error)
    return ""


def test_a_missing_file_is_said(tmp_path: Path):
    for said in on_ranks(2, missing_file, tmp_path):
        assert said == f"{tmp_path / 'tensors-00002-of-00002.safetensors'} is missing"


def one_number(folder: Path) -> Any:
    encoded = encode_sharded({"it": torch.tensor(3.0)})
    files = write_shards(encoded.tensors, folder, world())
    torch.distributed.barrier()
    return sorted(files), read_sharded(encoded.skeleton, folder, None)["it"].item()


def test_a_rank_that_has_nothing_to_write_writes_an_empty_file(tmp_path: Path):
    names = ["tensors-00001-of-00002.safetensors", "tensors-00002-of-00002.safetensors"]
    assert on_ranks(2, one_number, tmp_path) == [(names, 3.0), ([], 3.0)]


def in_the_background(folder: Path) -> Any:
    mesh = all_ranks()
    group = torch.distributed.new_group(backend="gloo")
    model = build_sharded(mesh)
    optimizer = AdamW(model.parameters(), lr=0.01)
    train(model, optimizer, 0, 1)
    buffer = StagingBuffer()
    saved = []
    for number in range(2):
        state = state_of(model, optimizer)
        encoded = encode_sharded(state)
        copies = copy_shards(encoded.tensors, buffer, mesh)
        saved.append(whole_numbers(state))
        target = folder / str(number)
        if torch.distributed.get_rank() == 0:
            target.mkdir()
        torch.distributed.barrier()
        thread = threading.Thread(target=write_shards, args=(copies, target, group))
        thread.start()
        train(model, optimizer, 1 + number, 1)
        thread.join()
        torch.distributed.barrier()
        if whole_numbers(read_sharded(encoded.skeleton, target, mesh)) != saved[-1]:
            return "another state was written"
    return saved[0] != saved[1]


def test_a_copy_is_written_in_the_background_while_ranks_train_on(tmp_path: Path):
    assert on_ranks(2, in_the_background, tmp_path) == [True, True]


def changed_file(folder: Path) -> str:
    encoded = encode_sharded({"it": torch.arange(4.0)})
    write_shards(encoded.tensors, folder, world())
    torch.distributed.barrier()
    path = folder / "tensors-00001-of-00002.safetensors"
    if torch.distributed.get_rank() == 0:
        path.write_bytes(path.read_bytes()[:40])
    torch.distributed.barrier()
    try:
        read_sharded(encoded.skeleton, folder, None)
    except StoredFileError as error:
        return str(error)
    return ""


def test_a_file_that_was_cut_off_is_said(tmp_path: Path):
    for said in on_ranks(2, changed_file, tmp_path):
        assert said.startswith(f"the tensors in {tmp_path} cannot be understood: ")
