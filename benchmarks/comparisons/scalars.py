"""Logging a scalar, flushing included."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.group import Group
from benchmarks.setting import Setting

TITLE = "Logging a scalar"
REMARKS = (
    "Time of one scalar, in a loop, median. Flushed at the end: stride's table of steps (a row is"
    " with the operating system within a second) beside TensorBoard's queue (two minutes). Each"
    " flushed: stride's table of metrics (with the operating system when `append` returns) beside"
    " `add_scalar` and `flush()`. MLflow commits each value."
)
_MODULES = "benchmarks.contestants"


def groups(setting: Setting) -> Iterator[Group]:
    """Rows of one and of five scalars, flushed at the end; rows of one, each flushed."""
    for what, scalars, delay in (
        ("a row of one scalar, flushed at the end", 1, 1.0),
        ("a row of five, flushed at the end", 5, 1.0),
        ("a row of one scalar, each flushed", 1, 0.0),
    ):
        rows = setting.choose(3_000, 30)
        group = Group(what, setting.choose(11, 1), count=rows * scalars)

        def arguments(
            name: str, rows: int = rows, scalars: int = scalars, delay: float = delay
        ) -> dict[str, str | float]:
            folder = setting.folder(f"scalars-{scalars}-{delay:.0f}-{name}")
            return {"folder": str(folder), "count": rows, "scalars": scalars, "delay": delay}

        group.measure(
            {
                "stride": setting.own(f"{_MODULES}.log_stride", **arguments("stride")),
                "tensorboard": setting.peer(
                    "tensorboard", f"{_MODULES}.log_tensorboard", **arguments("tensorboard")
                ),
                "mlflow": setting.peer("mlflow", f"{_MODULES}.log_mlflow", **arguments("mlflow")),
            }
        )
        group.compare("tensorboard", 0.1, "TensorBoard `add_scalar`")
        group.compare("mlflow", None, "MLflow `log_metric`, SQLite")
        yield group
