"""The columns of an epoch's row that a config may name: `val_loss`, `train_accuracy`,
`val_loss_<name>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stride.config.nearest import nearest
from stride.errors import ConfigError


def columns_of(metrics: Iterable[str], *, has_val: bool) -> tuple[str, ...]:
    """The columns that a training is known to have before its first step."""
    splits = ("train", "val") if has_val else ("train",)
    return tuple(f"{split}_{name}" for split in splits for name in ("loss", *metrics))


def check_column(name: str, columns: Iterable[str], key: str) -> None:
    """Whether a config may name the column. Losses of a task's own names are known from the first
    step on.

    Raises:
        ConfigError: there will be no such column.
    """
    known = tuple(columns)
    splits = {column.partition("_")[0] for column in known}
    split, _, rest = name.partition("_")
    if name in known or (split in splits and rest.startswith("loss_")):
        return
    near = nearest(name, known)
    hint = f"did you mean {near}?" if near else f"there will be {', '.join(known)}"
    raise ConfigError(f"{key}: this training has no metric {name!r}; {hint}")


def monitored(row: Mapping[str, float | int], name: str, key: str) -> float:
    """The value of a column that a config names.

    Raises:
        ConfigError: the row has no such column.
    """
    if name not in row:
        known = ", ".join(column for column in row if column.startswith(("train_", "val_")))
        raise ConfigError(f"{key}: this training has no metric {name!r}; there are {known}")
    return float(row[name])
