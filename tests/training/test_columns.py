"""The columns that a config may name: known before the first step."""

from __future__ import annotations

import pytest

from stride.errors import ConfigError
from stride.training.columns import check_column, columns_of


def test_losses_and_metrics_of_both_splits_are_known() -> None:
    assert columns_of(["accuracy"], has_val=True) == (
        "train_loss",
        "train_accuracy",
        "val_loss",
        "val_accuracy",
    )
    assert columns_of([], has_val=False) == ("train_loss",)


def test_a_misspelt_column_is_refused_with_the_nearest() -> None:
    columns = columns_of(["accuracy"], has_val=True)
    check_column("val_accuracy", columns, "key")
    check_column("val_loss_of_a_head", columns, "key")
    with pytest.raises(ConfigError, match=r"key: .*'val_acuracy'; did you mean val_accuracy"):
        check_column("val_acuracy", columns, "key")
    with pytest.raises(ConfigError, match="there will be train_loss"):
        check_column("error_rate", columns_of([], has_val=False), "key")
