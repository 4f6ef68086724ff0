"""Logging with MLflow into SQLite: `log_metric`, one call a value."""

from __future__ import annotations

import time

from mlflow.tracking import MlflowClient

from benchmarks.line import Line


def main() -> None:
    """A thirtieth of the rows of the others, and the time taken thirtyfold: it is that slow."""
    line = Line()
    folder, scalars = line.arguments["folder"], line.arguments["scalars"]
    wanted: int = line.arguments["count"]
    client = MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db")
    experiment = client.create_experiment("benchmark", artifact_location=f"{folder}/artifacts")

    def repeat() -> float:
        run = client.create_run(experiment).info.run_id
        rows = max(1, wanted // 30)
        started = time.perf_counter()
        for step in range(rows):
            for number in range(scalars):
                client.log_metric(run, f"loss_{number}", 1.0 / (step + 3), step=step)
        return (time.perf_counter() - started) * wanted / rows

    line.serve(repeat)


if __name__ == "__main__":
    main()
