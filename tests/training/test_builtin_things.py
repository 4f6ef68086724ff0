"""The built-in things: that each is where the table says, and the hints for other names."""

from __future__ import annotations

from importlib import import_module

import pytest

from stride.config.catalog import KINDS
from stride.errors import ConfigError
from stride.training.builtin_things import BuiltinThing, builtin_things, find_builtin
from stride.training.kinds import check_kind

ALL = [
    pytest.param(kind, name, thing, id=f"{kind}-{name}")
    for kind in KINDS
    for name, thing in builtin_things(kind).items()
]


@pytest.mark.parametrize(("kind", "name", "thing"), ALL)
def test_each_built_in_is_of_its_kind_and_where_the_table_says(
    kind: str, name: str, thing: BuiltinThing
) -> None:
    check_kind(kind, getattr(import_module(thing.module), thing.attribute), name)
    assert thing.source.is_file()


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        ("model", "mpl", "there is no model 'mpl'; did you mean MLP"),
        ("model", "resnet", "did you mean ResNet"),
        ("optimizer", "Adm", "did you mean Adam"),
        ("dataset", "digit", "there is no data set 'digit'; did you mean digits"),
        ("model", "Transformer", "there are CNet, FCNN, MLP, ResNet; .*package.module:Name"),
        ("model", "subprocess.run", "a model of your own is written subprocess:run"),
        ("scheduler", "LambdaLR", "cannot be picked by its name: it needs a function"),
        ("optimizer", "SparseAdam", "cannot be picked by its name: it takes sparse gradients"),
    ],
)
def test_another_name_is_answered_with_what_may_have_been_meant(
    kind: str, name: str, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        find_builtin(kind, name)
