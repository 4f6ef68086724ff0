"""An MLflow SQLite store: one run that MLflow made, the rest in SQL. Arguments: folder, count."""

from __future__ import annotations

import sqlite3
import sys
import uuid
from pathlib import Path

from mlflow.entities import Metric, Param
from mlflow.tracking import MlflowClient

from benchmarks import content

EXPERIMENT = "benchmark"


def main() -> None:
    """Params are the dotted keys of the config, metrics have one value each."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    database = folder / "mlflow.db"
    client = MlflowClient(tracking_uri=f"sqlite:///{database}")
    experiment = client.create_experiment(EXPERIMENT, artifact_location=str(folder / "artifacts"))
    first = client.create_run(experiment).info.run_id
    parameters = [Param(key, str(value)) for key, value in content.flatten(content.config(0))]
    values = [Metric(key, value, 0, 0) for key, value in content.metrics(0).items()]
    client.log_batch(first, metrics=values, params=parameters)
    client.set_terminated(first)
    connection = sqlite3.connect(database)
    with connection:
        for number in range(1, count):
            _copy(connection, first, uuid.uuid4().hex, number)
        connection.execute("ANALYZE")


def _copy(connection: sqlite3.Connection, first: str, run: str, number: int) -> None:
    started = (content.FIRST_MOMENT + 60 * number) * 1000
    changed = {"run_uuid": run, "name": f"run-{number}", "start_time": started}
    changed |= {"end_time": started + 30_000}
    row = connection.execute("SELECT * FROM runs WHERE run_uuid = ?", (first,))
    names = [column[0] for column in row.description]
    original = dict(zip(names, row.fetchone(), strict=True))
    cells = list({**original, **changed}.values())
    connection.execute(f"INSERT INTO runs VALUES ({', '.join('?' * len(cells))})", cells)
    connection.execute(
        "INSERT INTO tags (key, value, run_uuid) VALUES ('mlflow.runName', ?, ?)",
        (f"run-{number}", run),
    )
    for key, value in content.flatten(content.config(number)):
        connection.execute(
            "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)", (key, str(value), run)
        )
    for key, value in content.metrics(number).items():
        for table in ("metrics", "latest_metrics"):
            connection.execute(
                f"INSERT INTO {table} (key, value, timestamp, run_uuid, step, is_nan)"
                " VALUES (?, ?, 0, ?, 0, 0)",
                (key, value, run),
            )


if __name__ == "__main__":
    main()
