"""An experiment of stride: one completed run made by its own means, the rest written like it."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import content
from benchmarks.contestant import ContestantError
from stride.errors import StrideError
from stride.store.record import BestRecord
from stride.store.work_dir import WorkDir


def populate(folder: Path, count: int) -> Path:
    """Make the experiment; gives its folder back.

    Raises:
        ContestantError: stride refused.
    """
    try:
        run = WorkDir(folder).create(content.config(0))
        values = content.metrics(0)
        with run.start() as attempt:
            attempt.best(
                BestRecord(
                    monitor="val_accuracy",
                    mode="max",
                    value=values["val_accuracy"],
                    epoch=20,
                    step=400,
                    weights="best.safetensors",
                    metrics=dict(values),
                )
            )
            attempt.sign(step=400, epoch=20, max_epochs=20, metrics=values)
    except StrideError as error:
        raise ContestantError(str(error)) from error

    record = json.loads(run.record_path.read_bytes())
    for number in range(1, count):
        _write(folder / str(number), number, record, run.config_path.name, run.record_path.name)
    return folder


def _write(
    folder: Path, number: int, record: content.Tree, config_name: str, record_name: str
) -> None:
    values = content.metrics(number)
    moment = datetime.fromtimestamp(content.FIRST_MOMENT + 60 * number, UTC)
    created = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    best = {**record["best"][0], "value": values["val_accuracy"], "metrics": values}
    own = {**record, "id": secrets.token_hex(len(record["id"]) // 2), "created": created}
    own |= {"last": values, "best": [best]}
    config = {"format": record["format"], **content.config(number)}
    folder.mkdir()
    (folder / config_name).write_text(json.dumps(config, indent=2) + "\n")
    (folder / record_name).write_text(json.dumps(own, indent=2) + "\n")
