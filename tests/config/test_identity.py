"""When two configs mean the same training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.config.catalog import Catalog
from stride.config.identity import UNCHANGING, identity
from stride.config.keys import every_key
from stride.config.resolution import Resolved

Settle = Callable[..., Resolved]


def of(resolved: Resolved, fingerprints: dict[str, str] | None = None, code: str = "") -> str:
    return identity(resolved.config.to_json(), fingerprints or {}, code or None)


def test_the_keys_left_out_are_those_of_which_the_schema_says_so(
    settle: Settle, catalog: Catalog
) -> None:
    keys = every_key(settle().config, catalog)
    assert {key.path for key in keys if not key.changes_result} == UNCHANGING


@pytest.mark.parametrize(
    "typed",
    [
        "device=cuda",
        "load_data_kwargs.train_loader_kwargs.num_workers=4",
        "fit_kwargs.threads=2",
        "log_kwargs.every=7",
        "checkpoint_kwargs.keep=7",
        'log_kwargs.callbacks=[{"callback_name": "tensorboard"}]',
        "optimizer_kwargs.lr=1e-3",
    ],
)
def test_device_workers_and_logs_do_not_change_it(settle: Settle, typed: str) -> None:
    assert of(settle(typed)) == of(settle())


@pytest.mark.parametrize(
    "typed",
    [
        "seed=1",
        "model_kwargs.dropout=1",
        "optimizer_kwargs.optimizer_name=SGD",
        "fit_kwargs.max_steps=1",
    ],
)
def test_what_can_change_the_result_changes_it(settle: Settle, typed: str) -> None:
    assert of(settle(typed)) != of(settle())


@given(st.integers(0, 3), st.integers(0, 3))
def test_it_is_equal_just_where_the_settings_are(settle: Settle, one: int, two: int) -> None:
    left, right = settle(f"model_kwargs.dropout={one}"), settle(f"model_kwargs.dropout={two}.0")
    assert (of(left) == of(right)) == (one == two)


def test_data_and_code_count_by_their_content(settle: Settle) -> None:
    def trained(path: str, **fingerprints: str) -> str:
        texts = ["dataset_kwargs.dataset_name=arrays", f"dataset_kwargs.inputs={path}"]
        found = {key.replace("__", "."): value for key, value in fingerprints.items()}
        return of(settle(*texts), found)

    assert trained("/a") != trained("/b")
    assert trained("/a", dataset_kwargs__inputs="1") == trained("/b", dataset_kwargs__inputs="1")
    assert trained("/a", dataset_kwargs__inputs="1") != trained("/a", dataset_kwargs__inputs="2")
    here, there = (
        settle(f"model_kwargs.model_name={folder}/net.py:Net") for folder in ("/a", "/b")
    )
    assert of(here) != of(there)
    assert of(here, code="sha256:1") == of(there, code="sha256:1")
    assert of(here, code="sha256:1") != of(here, code="sha256:2")


def test_the_order_of_keys_does_not_count() -> None:
    tree: dict[str, Any] = {"a": 1, "b": {"c": 2, "d": 3}}
    turned = {"b": {"d": 3, "c": 2}, "a": 1}
    assert identity(tree, {}, None) == identity(turned, {}, None)
    assert identity(tree, {}, None).startswith("sha256:")
