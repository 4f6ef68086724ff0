"""The keys that a config may have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stride.config.catalog import Catalog
from stride.config.outline import Group, Leaf, outline
from stride.config.signature import MISSING, OPAQUE, Parameter, Signature
from stride.errors import ConfigError


class OneModel:
    """A catalog of one model; all else is without arguments."""

    def __init__(self, *parameters: Parameter) -> None:
        self._model = Signature("Net", parameters)

    def names(self, kind: str) -> tuple[str, ...]:
        return ("Net",)

    def signature(self, kind: str, name: str) -> Signature:
        return self._model if kind == "model" else Signature(name)


def leaves_of(*parameters: Parameter) -> dict[str, Leaf]:
    whole = outline(lambda leaf: leaf.default, OneModel(*parameters))
    group = whole.find(("model_kwargs",))
    assert isinstance(group, Group)
    return {leaf.path[-1]: leaf for leaf in group.leaves()}


@pytest.mark.parametrize(
    ("parameter", "annotation", "default"),
    [
        (Parameter("x", float, 0), float, 0.0),
        (Parameter("x", float | None, 1), float | None, 1.0),
        (Parameter("x", int | float, 1), int | float, 1),
        (Parameter("x", tuple[float, int], (1, 2)), tuple[float, int], [1.0, 2]),
        (Parameter("x", list[float], [1]), list[float], [1.0]),
        (Parameter("x", int, None), int | None, None),
        (Parameter("x", Any, None), Any, None),
        (Parameter("x", Any, print), Any, OPAQUE),
        (Parameter("x", float, float("inf")), float, OPAQUE),
        (Parameter("x", Any, OPAQUE), Any, OPAQUE),
        (Parameter("x", int), int, MISSING),
        (Parameter("input_shape", list[int]), list[int] | None, None),
        (Parameter("x", str, "a", is_path=True), Path, "a"),
        (Parameter("x", str | None, None, is_path=True), Path | None, None),
        (Parameter("x", list[str], [], is_path=True), list[Path], []),
        (Parameter("x", dict[str, str], {}, is_path=True), dict[str, Path], {}),
        (Parameter("x", Path, Path("a")), Path, "a"),
    ],
)
def test_a_parameter_becomes_a_key(parameter: Parameter, annotation: Any, default: Any) -> None:
    leaf = leaves_of(parameter)[parameter.name]
    assert leaf.annotation == annotation
    assert leaf.default == default
    assert type(leaf.default) is type(default)


def test_a_name_beside_its_arguments_is_a_thing_of_its_own() -> None:
    parameters = (Parameter("loss_name", str, "L1"), Parameter("loss_kwargs", dict[str, Any], {}))
    whole = outline(lambda leaf: leaf.default, OneModel(*parameters))
    inner = whole.find(("model_kwargs", "loss_kwargs"))
    assert isinstance(inner, Group)
    assert (inner.owner, inner.picked_by) == ("L1", ("model_kwargs", "loss_name"))
    assert leaves_of(parameters[0])["loss_name"].kind is None


def test_sampler_and_collate_function_of_a_loader_are_things_with_arguments(
    settle: Any, catalog: Catalog
) -> None:
    settled = settle(
        "load_data_kwargs.train_loader_kwargs.sampler_name=weighted",
        "load_data_kwargs.train_loader_kwargs.sampler_kwargs.samples=5",
        "load_data_kwargs.val_loader_kwargs.collate_name=pad",
    )
    loaders = settled.config.load_data_kwargs
    assert loaders.train_loader_kwargs.sampler_kwargs == {"samples": 5}
    assert loaders.val_loader_kwargs.collate_kwargs == {"padding_value": 0.0}
    assert loaders.train_loader_kwargs.collate_kwargs == {}
    with pytest.raises(ConfigError, match=r"sampler_kwargs\.sample for weighted; did you mean .*s"):
        settle(
            "load_data_kwargs.train_loader_kwargs.sampler_name=weighted",
            "load_data_kwargs.train_loader_kwargs.sampler_kwargs.sample=5",
        )
    with pytest.raises(ConfigError, match="sampler_kwargs"):
        settle("load_data_kwargs.train_loader_kwargs.sampler_kwargs.samples=5")


def test_an_argument_that_a_group_keeps_for_itself_is_refused() -> None:
    with pytest.raises(ConfigError, match="takes an argument named model_name, which model_kwargs"):
        leaves_of(Parameter("model_name", str, "x"))


def test_a_thing_that_names_itself_without_end_is_refused() -> None:
    parameters = (
        Parameter("model_name", str, "Net"),
        Parameter("model_kwargs", dict[str, Any], {}),
    )

    class Recursive(OneModel):
        def signature(self, kind: str, name: str) -> Signature:
            return Signature("Net", parameters) if kind != "task" else Signature("t", parameters)

    with pytest.raises(ConfigError, match="nested more than 8 deep"):
        outline(lambda leaf: leaf.default, Recursive())


def test_every_default_is_json(catalog: Catalog) -> None:
    leaves = list(outline(lambda leaf: leaf.default, catalog).leaves())
    assert len(leaves) > 20
    for leaf in leaves:
        assert json.loads(json.dumps(leaf.default)) == leaf.default
