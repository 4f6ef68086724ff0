"""MLflow's way to list runs: search, and print.

Arguments: database, limit (0: all, as JSON), and where it is to select and sort: filter, order.
"""

from __future__ import annotations

import json
import sys

from mlflow.tracking import MlflowClient

from benchmarks.stores.mlflow_store import EXPERIMENT

_PAGE = 50_000  # the most that MLflow gives at once


def main() -> None:
    """A line a run: id, status, start, params, metrics."""
    database, limit = sys.argv[1], int(sys.argv[2])
    client = MlflowClient(tracking_uri=f"sqlite:///{database}")
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    wanted, order = sys.argv[3:] or ("", "start_time DESC")
    runs = client.search_runs(
        [experiment.experiment_id],
        filter_string=wanted,
        order_by=[order],
        max_results=limit or _PAGE,
    )
    for run in runs:
        if limit:
            print(run.info.run_name, run.info.status, run.info.start_time, run.data.metrics)
        else:
            print(json.dumps({**run.info.__dict__, **run.data.to_dictionary()}))


if __name__ == "__main__":
    main()
