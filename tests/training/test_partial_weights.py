"""Weights of a part: what matches is loaded, and what does not is said."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from stride.errors import ConfigError, DataError
from stride.training.output import Output
from stride.training.partial_weights import load_matching
from stride.training.task import Task
from stride.training.weights import encode_weights, write_weights


class Classifier(nn.Module):
    """A model of an encoder and a head."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
        self.head = nn.Linear(3, classes)


class Nothing(Task):
    """A task without parameters."""

    def step(self, model: nn.Module, batch: object) -> Output:
        return Output(torch.zeros(()))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The weights of a classifier of 5 classes, as a run keeps them."""
    torch.manual_seed(1)
    path = tmp_path / "weights" / "best.safetensors"
    write_weights(path, encode_weights(Classifier(5), Nothing()))
    return path


def test_all_is_loaded_where_all_fits(file: Path) -> None:
    model = Classifier(5)
    match = load_matching(model, file)
    assert match.whole
    assert match.sentence == f"9 tensors loaded from {file}"
    assert match.loaded == tuple(model.state_dict())
    stored = safetensors.torch.load_file(file)
    assert all(torch.equal(stored[key], value) for key, value in model.state_dict().items())


def test_a_head_of_another_shape_stays_as_it_is_and_is_named(file: Path) -> None:
    model = Classifier(2)
    head = model.head.weight.detach().clone()
    match = load_matching(model, str(file))
    assert match.mismatched == {"head.weight": ((5, 3), (2, 3)), "head.bias": ((5,), (2,))}
    assert len(match.loaded) == 7
    assert torch.equal(model.head.weight, head)
    assert "of another shape: head.weight (5, 3) here (2, 3), head.bias" in match.sentence
    assert not match.whole


def test_a_part_of_the_file_fills_a_part_of_the_model(file: Path) -> None:
    model = nn.ModuleDict({"backbone": Classifier(5).encoder, "margin": nn.Linear(1, 1)})
    for into in ("backbone", "backbone."):
        match = load_matching(model, file, prefix="encoder.", into=into)
        assert match.whole
        assert match.loaded[0] == "backbone.0.weight"


def test_what_is_missing_and_what_is_left_over_is_told() -> None:
    model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    tensors = {"0.weight": torch.ones(1, 1), "2.weight": torch.ones(1), "2.bias": torch.ones(1)}
    match = load_matching(model, tensors)
    assert match.loaded == ("0.weight",)
    assert match.missing == ("0.bias", "1.weight", "1.bias")
    assert match.unexpected == ("2.weight", "2.bias")
    assert match.sentence == (
        "1 tensor loaded from the tensors; not in it: 0.bias, 1.weight, 1.bias;"
        " not used: 2.weight, 2.bias"
    )


def test_the_number_type_of_the_module_stays() -> None:
    model = nn.Linear(1, 1, dtype=torch.float64)
    load_matching(model, {"weight": torch.full((1, 1), 2.0, dtype=torch.bfloat16)})
    assert model.weight.dtype == torch.float64
    assert model.weight.item() == 2.0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"prefix": "enc."}, r"holds encoder.0.bias, .* and 5 more; wanted are enc.encoder.0.wei"),
        (
            {"into": "head"},
            r"wanted are weight, bias; load_matching finds the same weights",
        ),
        ({"into": "haed"}, "Classifier has no part 'haed'; did you mean head"),
        ({"prefix": "encoder.0.", "into": "head"}, r"weight has shape \(3, 4\) there and \(5, 3\)"),
    ],
)
def test_to_load_nothing_is_an_error_that_says_why(
    arguments: dict[str, str], sentence: str, file: Path
) -> None:
    model = Classifier(5)
    if arguments.get("prefix") == "encoder.0.":
        model.head.register_parameter("bias", None)
    with pytest.raises(ConfigError, match=sentence):
        load_matching(model, file, **arguments)


def test_a_file_that_is_not_there_or_is_a_pickle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist; name a file of weights"):
        load_matching(nn.Linear(1, 1), tmp_path / "none.safetensors")
    pickled = tmp_path / "model.pt"
    torch.save({"weight": torch.ones(1, 1)}, pickled)
    with pytest.raises(DataError, match=r"not a safetensors file.*a pickle, which stride never"):
        load_matching(nn.Linear(1, 1), pickled)


def test_tied_weights_of_a_run_fill_both_of_their_places(tmp_path: Path) -> None:
    first, second = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    tied = nn.Sequential(first, second)
    second.weight = first.weight
    path = tmp_path / "weights" / "best.safetensors"
    write_weights(path, encode_weights(tied, Nothing()))
    first, second = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    assert load_matching(nn.Sequential(first, second), path).whole
    assert torch.equal(first.weight, second.weight)
