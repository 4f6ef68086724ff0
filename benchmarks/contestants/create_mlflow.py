"""Creating runs in MLflow's SQLite store: `create_run` and all params in one batch."""

from __future__ import annotations

import statistics
import time

from mlflow.entities import Param
from mlflow.tracking import MlflowClient

from benchmarks import content
from benchmarks.line import Line


def main() -> None:
    """The median of one creation in a loop."""
    line = Line()
    folder = line.arguments["folder"]
    client = MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db")
    experiment = client.create_experiment("benchmark", artifact_location=f"{folder}/artifacts")
    rounds = 0

    def repeat() -> float:
        nonlocal rounds
        rounds += 1
        seconds = []
        for number in range(line.arguments["count"]):
            config = content.config(1_000_000 * rounds + number)
            started = time.perf_counter()
            run = client.create_run(experiment)
            parameters = [Param(key, str(value)) for key, value in content.flatten(config)]
            client.log_batch(run.info.run_id, params=parameters)
            seconds.append(time.perf_counter() - started)
        return statistics.median(seconds)

    line.serve(repeat)


if __name__ == "__main__":
    main()
