"""A state comes back from JSON and safetensors as it was, to the last bit."""

from __future__ import annotations

import math
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch import nn

from stride.errors import ConfigError
from stride.files import encode_json
from stride.json_text import decode_json
from stride.training.checkpoints.decoding import decode_tree
from stride.training.checkpoints.state_tree import check_encodable, encode_tree
from stride.training.checkpoints.tensor_file import (
    lay_out,
    read_tensors,
    shapes_of,
    straight_from,
)
from tests.training.checkpoints.trees import TREES, same


def there_and_back(tree: Any) -> Any:
    """The tree, by way of the bytes of both files."""
    encoded = encode_tree(tree)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tensors.safetensors"
        layout = lay_out(shapes_of(encoded.tensors))
        path.write_bytes(b"".join(straight_from(encoded.tensors, layout)))
        skeleton = decode_json(encode_json([encoded.skeleton]), path)[0]
        return decode_tree(skeleton, read_tensors(path))


@settings(deadline=None)
@given(TREES)
def test_any_tree_comes_back_exactly(tree: Any) -> None:
    assert same(there_and_back(tree), tree)


def test_numbers_that_json_has_not_come_back() -> None:
    tree = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 2**63, -(2**63) - 1, 1 << 20_000, 0.1]
    assert same(there_and_back(tree), tree)


def test_the_state_of_an_optimiser_and_of_a_scheduler_comes_back() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).to(
        memory_format=torch.channels_last
    )
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(2, 3, 5, 5)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 5])
    tree = {
        "model": dict(model.state_dict()),
        "optimizers": [optimizer.state_dict()],
        "schedule": scheduler.state_dict(),
    }
    back = there_and_back(tree)
    assert same(back, tree)
    moments = [state["exp_avg"] for state in tree["optimizers"][0]["state"].values()]
    again = [state["exp_avg"] for state in back["optimizers"][0]["state"].values()]
    assert [one.stride() for one in again] == [one.stride() for one in moments]
    assert not moments[0].is_contiguous()
    scheduler.load_state_dict(back["schedule"])
    optimizer.load_state_dict(back["optimizers"][0])


def test_a_tensor_that_stands_in_two_places_is_written_once_and_is_one_again() -> None:
    weight = nn.Parameter(torch.randn(3, 3))
    tree = {"encoder": weight, "decoder": [weight.detach()], "other": weight.detach().clone()}
    assert list(encode_tree(tree).tensors) == ["encoder", "other"]
    back = there_and_back(tree)
    assert back["encoder"] is back["decoder"][0]
    assert back["other"] is not back["encoder"]


def test_parts_of_one_memory_are_each_written_whole() -> None:
    memory = torch.arange(6.0)
    tree = {"all": memory, "first": memory[:3], "every": memory[::2], "wide": memory[:1].expand(4)}
    back = there_and_back(tree)
    assert back["first"].tolist() == [0, 1, 2]
    assert back["every"].tolist() == [0, 2, 4]
    assert back["wide"].tolist() == [0, 0, 0, 0]
    assert back["all"].tolist() == [0, 1, 2, 3, 4, 5]


def test_what_is_read_back_shares_no_memory_with_the_file(tmp_path: Path) -> None:
    encoded = encode_tree({"a": torch.ones(4)})
    path = tmp_path / "tensors.safetensors"
    path.write_bytes(b"".join(straight_from(encoded.tensors, lay_out(shapes_of(encoded.tensors)))))
    back = decode_tree(encoded.skeleton, read_tensors(path))
    with path.open("r+b") as stream:
        stream.seek(-16, 2)
        stream.write(bytes(16))
    assert back["a"].tolist() == [1, 1, 1, 1]
    assert back["a"].untyped_storage().nbytes() == 16


def test_keys_that_look_alike_are_told_apart() -> None:
    tree = {
        "a": {"b": torch.zeros(1), 1: torch.ones(1)},
        "a.b": torch.full((1,), 2.0),
        "a.1": torch.full((1,), 3.0),
        "__metadata__": torch.full((1,), 4.0),
    }
    assert same(there_and_back(tree), tree)
    assert same(there_and_back(torch.ones(2)), torch.ones(2))


def test_an_ordered_dict_comes_back_as_a_dict() -> None:
    assert there_and_back(OrderedDict(b=1, a=2)) == {"b": 1, "a": 2}


class Unknown:
    """Something that no file can hold."""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({1, 2}, r"the state task\.memory\.0 is a set, which a checkpoint cannot hold"),
        (Unknown(), r"the state task\.memory\.0 is a .*Unknown, which"),
        (lambda: 0, r"the state task\.memory\.0 is a function, which"),
        (1j, r"the state task\.memory\.0 is a complex, which"),
        ({None: 1}, r"the key None of the state task\.memory\.0 is a NoneType"),
        ({True: 1}, r"the key True of .* is a bool"),
        (torch.ones(2, device="meta"), r"memory\.0 is a torch\.strided tensor on meta"),
        (torch.ones(2).to_sparse(), r"memory\.0 is a torch\.sparse_coo tensor on cpu"),
    ],
)
def test_what_cannot_be_stored_is_said_with_its_place(value: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_encodable({"task": {"memory": [value]}})


def test_a_tree_that_contains_itself_is_refused() -> None:
    tree: dict[str, Any] = {}
    tree["again"] = tree
    with pytest.raises(ConfigError, match="contains itself"):
        check_encodable(tree)


@pytest.mark.parametrize(
    "skeleton", [{"$what": 1}, {"$tensor": "a"}, {"$tuple": 3}, [{"$dict": [1]}]]
)
def test_json_that_is_no_state_is_a_value_error(skeleton: Any) -> None:
    with pytest.raises(ValueError, match="it holds no state"):
        decode_tree(skeleton, {})
