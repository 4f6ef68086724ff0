"""Creating a run: durable, in a loop, with few and with 100,000 runs beside it."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.group import Group
from benchmarks.setting import Setting

TITLE = "Creating a run"
REMARKS = (
    "config.json and run.json, durable; the median of one creation in a loop, in a process that"
    " stays. Bare: the same bytes in the same two files, each written and fsynced in a new folder,"
    " then one rename; no folder is fsynced, no number is sought, its neighbours are few in both."
    " MLflow: `create_run` and one `log_batch` of all params, in a young database in both."
)
_MODULES = "benchmarks.contestants"


def groups(setting: Setting) -> Iterator[Group]:
    """At 10 existing runs and at 100,000."""
    for existing in (10, setting.choose(100_000, 1_000)):
        group = Group(f"creating a run at {existing:,} existing", setting.choose(15, 1))
        count = setting.choose(40, 3)

        def arguments(
            name: str, existing: int = existing, count: int = count
        ) -> dict[str, str | int]:
            folder = setting.folder(f"creation-{existing}-{name}")
            return {"folder": str(folder), "existing": existing, "count": count}

        group.measure(
            {
                "stride": setting.own(f"{_MODULES}.create_stride", **arguments("stride")),
                "bare": setting.own(f"{_MODULES}.create_bare", **arguments("bare")),
                "mlflow": setting.peer(
                    "mlflow", f"{_MODULES}.create_mlflow", **arguments("mlflow")
                ),
            }
        )
        group.compare("bare", 2.0, "bare write, fsync, rename")
        group.compare("mlflow", 0.3, "MLflow, SQLite")
        yield group
