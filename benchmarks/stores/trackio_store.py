"""A trackio project: one run that trackio made, the rest in SQL. Arguments: folder, count."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import content

PROJECT = "benchmark"


def main() -> None:
    """Each run has its config and one logged row of metrics."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    os.environ["TRACKIO_DIR"] = str(folder)
    import trackio  # deferred: it reads the variable when imported

    trackio.init(project=PROJECT, name="run-0", config=content.config(0))
    trackio.log(content.metrics(0))
    trackio.finish()
    connection = sqlite3.connect(folder / f"{PROJECT}.db")
    with connection:
        for number in range(1, count):
            run, name = uuid.uuid4().hex, f"run-{number}"
            moment = datetime.fromtimestamp(content.FIRST_MOMENT + 60 * number, UTC).isoformat()
            settings = content.config(number) | {"_Created": moment, "_Username": None}
            connection.execute(
                "INSERT INTO configs (run_id, run_name, config, created_at) VALUES (?, ?, ?, ?)",
                (run, name, json.dumps(settings).encode(), moment),
            )
            connection.execute(
                "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics, log_id)"
                " VALUES (?, ?, ?, 0, ?, ?)",
                (run, moment, name, json.dumps(content.metrics(number)).encode(), uuid.uuid4().hex),
            )


if __name__ == "__main__":
    main()
