"""Config keys that differ: which tell something, and which only follow."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stride.config.differences import ABSENT, differing_leaves, flatten
from stride.config.differing_keys import differing_keys, following_text, short_names

words = st.text("abc", min_size=1, max_size=2)
dotted = st.lists(words, min_size=1, max_size=4).map(".".join)

MLP = {"model_kwargs.model_name": "MLP", "model_kwargs.dropouts": 0.0}
RESNET = {"model_kwargs.model_name": "ResNet", "model_kwargs.channels": None}


def test_the_arguments_of_one_model_follow_from_its_name() -> None:
    keys = differing_keys([MLP, RESNET, MLP], ())
    assert keys.telling == {"model_kwargs.model_name": ("MLP", "ResNet", "MLP")}
    assert keys.following["model_kwargs.channels"] == (ABSENT, None, ABSENT)
    assert following_text(keys) == "2 keys that follow from model_name"


def test_an_argument_that_somebody_chose_tells_something() -> None:
    keys = differing_keys([MLP, RESNET], {"model_kwargs.dropouts"})
    assert list(keys.telling) == ["model_kwargs.model_name", "model_kwargs.dropouts"]
    assert following_text(keys) == "1 key that follows from model_name"


def test_what_differs_under_one_name_does_not_follow_from_it() -> None:
    keys = differing_keys([MLP, RESNET, MLP | {"model_kwargs.dropouts": 0.5}], ())
    assert "model_kwargs.dropouts" in keys.telling


def test_names_come_first_then_what_was_chosen_then_what_cannot_change_the_result() -> None:
    runs = [
        {"seed": n, "device": str(n), "fit_kwargs.clip_norm": n, "optimizer_kwargs.lr": n}
        | {"model_kwargs.model_name": str(n)}
        for n in range(2)
    ]
    keys = differing_keys(runs, {"device", "optimizer_kwargs.lr"})
    assert list(keys.telling) == [
        "model_kwargs.model_name",
        "optimizer_kwargs.lr",
        "device",
        "seed",
        "fit_kwargs.clip_norm",
    ]


def test_a_name_inside_of_a_group_governs_the_group_of_its_kind() -> None:
    runs = [
        {"task_kwargs.loss_name": loss, "task_kwargs.loss_kwargs.beta": beta, "task_kwargs.x": x}
        for loss, beta, x in (("L1Loss", ABSENT, 1), ("SmoothL1Loss", 1.0, 2))
    ]
    keys = differing_keys([{k: v for k, v in run.items() if v is not ABSENT} for run in runs], ())
    assert list(keys.following) == ["task_kwargs.loss_kwargs.beta"]


leaves = st.dictionaries(
    st.sampled_from(["a_kwargs.a_name", "a_kwargs.x", "a_kwargs.b_name", "a_kwargs.b_kwargs.y"]),
    st.integers(0, 2),
)


@given(st.lists(leaves, min_size=1, max_size=4), st.sets(st.sampled_from(["a_kwargs.x"])))
def test_every_key_that_differs_is_told_or_follows(runs: list[Any], chosen: set[str]) -> None:
    keys = differing_keys(runs, chosen)
    assert keys.telling | keys.following == differing_leaves(runs)
    assert not keys.telling.keys() & keys.following.keys()
    assert not chosen & keys.following.keys()
    assert bool(keys.following) == bool(keys.names)


def test_runs_that_are_the_same_have_nothing_to_tell() -> None:
    keys = differing_keys([flatten({"a": {"b": 1}})] * 2, {"a.b"})
    assert (keys.telling, keys.following, following_text(keys)) == ({}, {}, "")


@given(st.lists(dotted, unique=True))
def test_short_names_are_distinct_ends_of_the_keys(keys: list[str]) -> None:
    short = short_names(keys)
    assert len(set(short.values())) == len(keys)
    assert all(key == name or key.endswith(f".{name}") for key, name in short.items())


def test_a_short_name_is_as_short_as_can_be() -> None:
    keys = ["seed", "train.batch_size", "val.batch_size", "optimizer_kwargs.lr"]
    assert list(short_names(keys).values()) == ["seed", "train.batch_size", "val.batch_size", "lr"]
