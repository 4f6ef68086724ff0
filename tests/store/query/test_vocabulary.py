"""What the names in a query mean."""

from __future__ import annotations

from typing import Any

import pytest

from stride.errors import QueryError
from stride.store.index.part import Part
from stride.store.query.vocabulary import Vocabulary, parts_for
from tests.store.query.tables import build_table

CELLS: dict[str, Any] = {
    "config.seed": 1,
    "config.optimizer_kwargs.lr": 0.1,
    "config.critic.optimizer_kwargs.lr": 0.2,
    "config.optimizer_kwargs.momentum": 0.9,
    "config.data.seed": 2,
    "config.status": "new",
    "config.test.rate": 3,
    "config.min.val_loss": 4,
    "metric.val_loss": 0.5,
    "metric.epoch": 3,
    "metric.momentum": 0.1,
    "last.val_loss": 0.6,
    "best.val_loss": 0.5,
    "min.val_loss": 0.4,
    "max.val_loss": 0.9,
    "test.test_loss": 0.7,
    "test.bleu": 0.8,
    "run.status": "completed",
}


def vocabulary(cells: dict[str, Any] = CELLS) -> Vocabulary:
    return Vocabulary([build_table([cells])])


@pytest.mark.parametrize(
    ("name", "column"),
    {
        "status": "run.status",
        "config.status": "config.status",
        "run.status": "run.status",
        "epoch": "run.epoch",
        "metric.epoch": "metric.epoch",
        "val_loss": "metric.val_loss",
        "momentum": "metric.momentum",
        "optimizer_kwargs.momentum": "config.optimizer_kwargs.momentum",
        "config.optimizer_kwargs.momentum": "config.optimizer_kwargs.momentum",
        "critic.optimizer_kwargs.lr": "config.critic.optimizer_kwargs.lr",
        "optimizer_kwargs.lr": "config.optimizer_kwargs.lr",
        "seed": "config.seed",
        "data.seed": "config.data.seed",
        "last.val_loss": "last.val_loss",
        "min.val_loss": "min.val_loss",
        "max.val_loss": "max.val_loss",
        "best.val_loss": "best.val_loss",
        "test.test_loss": "test.test_loss",
        "test.loss": "test.test_loss",
        "test.bleu": "test.bleu",
        "test_loss": "test.test_loss",
        "test.rate": "config.test.rate",
        "note": "run.note",
        "last.epoch": "last.epoch",
    }.items(),
)
def test_a_name_is_a_run_field_then_a_metric_then_a_config_key(name: str, column: str) -> None:
    assert vocabulary().resolve(name) == column


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "lr",
            "lr fits several config keys: optimizer_kwargs.lr and critic.optimizer_kwargs.lr; "
            "write one of them",
        ),
        ("config.lr", "no run has config.lr; did you mean config.critic.optimizer_kwargs.lr?"),
        ("val_los", "no run has val_los; did you mean val_loss?"),
        ("momentun", "no run has momentun; did you mean momentum?"),
        ("sed", "no run has sed; did you mean seed?"),
        ("Status", "no run has Status; did you mean status?"),
        ("run.statsu", "no run has run.statsu; did you mean run.status?"),
        ("metric.val_lss", "no run has metric.val_lss; did you mean metric.val_loss?"),
        ("min.val_lss", "no run has min.val_lss; did you mean min.val_loss?"),
        ("zzzzz", "no run has zzzzz; stride list --columns '*' shows all names"),
    ],
)
def test_a_name_that_is_none_is_answered_with_the_nearest(name: str, sentence: str) -> None:
    with pytest.raises(QueryError) as caught:
        vocabulary().resolve(name)
    assert str(caught.value) == sentence


def test_of_keys_that_end_alike_those_do_not_count_that_are_null_everywhere() -> None:
    lr = {"config.optimizer_kwargs.lr": 0.1, "config.fit_kwargs.balancing.lr": None}
    assert vocabulary(lr).resolve("lr") == "config.optimizer_kwargs.lr"
    used = Vocabulary([build_table([lr, {"config.fit_kwargs.balancing.lr": 0.2}])])
    with pytest.raises(QueryError, match="lr fits several config keys"):
        used.resolve("lr")
    with pytest.raises(QueryError, match="monitor fits several config keys"):
        vocabulary({"config.a.monitor": None, "config.b.monitor": None}).resolve("monitor")


def test_the_learning_rate_is_that_of_the_config_where_there_is_one() -> None:
    rates = {"metric.lr": 0.01, "last.lr": 0.001, "config.optimizer_kwargs.lr": 0.1}
    assert vocabulary(rates).resolve("lr") == "config.optimizer_kwargs.lr"
    assert vocabulary(rates).resolve("metric.lr") == "metric.lr"
    assert vocabulary(rates).resolve("last.lr") == "last.lr"
    assert vocabulary({"metric.lr": 0.01}).resolve("lr") == "metric.lr"


def test_where_no_run_has_a_metric_yet_only_an_exact_name_is_taken() -> None:
    young = vocabulary({"config.lr": 0.1})
    assert young.resolve("metric.val_loss") == "metric.val_loss"
    assert young.resolve("last.val_loss") == "last.val_loss"
    with pytest.raises(QueryError, match="no run has val_loss; and no run has a metric yet"):
        young.resolve("val_loss")


def test_where_there_is_no_run_any_name_is_taken() -> None:
    assert Vocabulary([build_table([])]).resolve("anything") == "config.anything"
    assert Vocabulary([]).matching("any*") == []


@pytest.mark.parametrize(
    ("pattern", "columns"),
    [
        ("val_*", ["metric.val_loss"]),
        ("*.val_loss", [f"{kind}.val_loss" for kind in ("metric", "config.min", "last", "min")]),
        ("config.optimizer_kwargs.*", ["lr", "momentum"]),
        ("*kwargs.lr", ["config.optimizer_kwargs.lr", "config.critic.optimizer_kwargs.lr"]),
        ("stat[u]s", ["run.status", "config.status"]),
        ("test.*", ["config.test.rate", "test.test_loss", "test.bleu"]),
    ],
)
def test_a_glob_means_columns_by_what_they_are_called(pattern: str, columns: list[str]) -> None:
    found = vocabulary().matching(pattern)
    if pattern.startswith("config."):
        columns = [f"config.optimizer_kwargs.{key}" for key in columns]
    if pattern == "*.val_loss":
        assert set(columns) <= set(found)
    else:
        assert found == columns


def test_a_glob_that_fits_nothing_is_one_sentence() -> None:
    with pytest.raises(QueryError, match=r"no column fits vall_\*"):
        vocabulary().matching("vall_*")


def test_only_names_that_need_further_files_ask_for_them() -> None:
    assert parts_for(["val_loss", "status", "last.x"]) == frozenset()
    assert parts_for(["min.val_loss"]) == parts_for(["max.x"]) == {Part.TABLES}
    assert parts_for(["test.x", "test_loss"]) == {Part.RESULTS}


def test_a_glob_finds_results_by_the_names_that_queries_use() -> None:
    assert vocabulary().matching("test_*") == ["test.test_loss"]
    assert vocabulary().matching("bleu*") == ["test.bleu"]
