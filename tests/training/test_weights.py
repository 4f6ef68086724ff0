"""Weights files: plain keys, tied weights once, the same bytes; what is not whole is refused."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from stride.errors import ConfigError, StorageError, StoredFileError, VerificationError
from stride.files import sha256_of
from stride.training.output import Output
from stride.training.task import Task
from stride.training.weights import (
    check_storable,
    decode_weights,
    encode_weights,
    put_weights,
    read_weights,
    state_of,
    write_weights,
)


class Plain(Task):
    """A task without parameters."""

    def step(self, model: nn.Module, batch: Any) -> Output:
        return Output(model(batch).sum())


class Margin(Plain, nn.Module):
    """A task with parameters of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(2, 2)


class Tied(nn.Module):
    """Two names of one tensor, a view of a part of it, and a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(3, 3, bias=False)
        self.b = nn.Linear(3, 3, bias=False)
        self.b.weight = self.a.weight
        self.register_buffer("steps", torch.tensor(7))
        self.register_buffer("part", self.a.weight.detach()[1:])

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.b(self.a(inputs))
        return outputs


def _same(first: dict[str, Any], second: dict[str, Any]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def test_weights_come_back_as_they_were(tmp_path: Path) -> None:
    model, task, path = Tied(), Margin(), tmp_path / "weights" / "best.safetensors"
    content = encode_weights(model, task)
    write_weights(path, content)
    tensors = decode_weights(read_weights(path, [sha256_of(content)]), path)
    other, other_task = Tied(), Margin()
    put_weights(tensors, other, other_task, path)
    assert _same(state_of(other, other_task), state_of(model, task))
    assert other.a.weight is other.b.weight


def test_keys_are_those_of_the_plain_model_and_tied_weights_are_stored_once() -> None:
    stored = safetensors.torch.load(encode_weights(Tied(), Plain()))
    assert set(stored) == {"a.weight", "steps", "part"}


def test_the_parameters_of_a_task_are_stored_beside_those_of_the_model() -> None:
    stored = safetensors.torch.load(encode_weights(nn.Linear(2, 2), Margin()))
    assert set(stored) == {"weight", "bias", "task:head.weight", "task:head.bias"}


def test_the_same_weights_give_the_same_bytes() -> None:
    model = Tied()
    assert encode_weights(model, Margin()) != encode_weights(model, Margin())
    task = Margin()
    assert encode_weights(model, task) == encode_weights(model, task)


@pytest.mark.parametrize("damage", [lambda c: c[:-1], lambda c: c[:-1] + b"x", lambda c: b""])
def test_a_file_that_was_changed_or_cut_off_is_refused(tmp_path: Path, damage: Any) -> None:
    path, content = tmp_path / "best.safetensors", encode_weights(nn.Linear(2, 2), Plain())
    path.write_bytes(damage(content))
    with pytest.raises(VerificationError, match="is not the file that was written"):
        read_weights(path, [sha256_of(content)])


class Bomb:
    """A pickle that would leave a mark if it were opened."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


def test_a_pickle_that_is_called_safetensors_is_refused_and_never_opened(tmp_path: Path) -> None:
    path, mark = tmp_path / "best.safetensors", tmp_path / "mark"
    content = pickle.dumps(Bomb(mark))
    path.write_bytes(content)
    with pytest.raises(VerificationError):
        read_weights(path, ["sha256:0"])
    with pytest.raises(StoredFileError, match="is not a safetensors file"):
        decode_weights(read_weights(path, [sha256_of(content)]), path)
    assert not mark.exists()


def test_a_file_that_is_missing_or_without_a_digest_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    with pytest.raises(StoredFileError, match="is missing"):
        read_weights(path, ["sha256:0"])
    path.write_bytes(b"x")
    with pytest.raises(VerificationError, match="records no digest"):
        read_weights(path, [])


def test_weights_of_another_model_are_refused_with_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    tensors = decode_weights(encode_weights(nn.Linear(2, 2), Plain()), path)
    with pytest.raises(StoredFileError, match=r"does not fit Linear.*size mismatch"):
        put_weights(tensors, nn.Linear(3, 2), Plain(), path)
    with pytest.raises(StoredFileError, match=r"does not fit Sequential.*[Mm]issing key"):
        put_weights(tensors, nn.Sequential(nn.Linear(2, 2)), Plain(), path)


class Counting(nn.Linear):
    """A model with state that is no tensor."""

    def get_extra_state(self) -> int:
        return 3

    def set_extra_state(self, state: Any) -> None:
        del state


def test_state_that_is_no_tensor_is_refused_before_a_training() -> None:
    check_storable(nn.Linear(1, 1), Plain())
    with pytest.raises(ConfigError, match="'_extra_state' of Counting is a int"):
        check_storable(Counting(1, 1), Plain())


def test_a_run_that_was_removed_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="the folder of the run is gone"):
        write_weights(tmp_path / "gone" / "weights" / "best.safetensors", b"")
