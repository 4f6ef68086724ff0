"""The runs of an experiment as a pandas table, one row a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from stride.config.differences import flatten
from stride.config.effective import effective_config
from stride.errors import StoredFileError, UsageError
from stride.files import decode_number
from stride.store.record import RunRecord
from stride.store.run import Run
from stride.store.stored_values import Number

if TYPE_CHECKING:
    import pandas


def build_frame(runs: Iterable[Run]) -> pandas.DataFrame:
    """Columns: `run`, `id`, `status`, `created`, `config.*`, `last.*`, `best.*`; one row a run.

    A config key is what the newest attempt that changed it made of it. A key or metric that a run
    does not have is missing there. A run that cannot be read has the status `unreadable` and
    nothing else.

    Raises:
        UsageError: pandas is not installed.
    """
    try:
        import pandas  # deferred: a second of import, and nothing else needs it
    except ImportError as error:
        raise UsageError("a table needs pandas: pip install 'stride-experiments[frame]'") from error
    return pandas.DataFrame([_row(run) for run in runs])


def _row(run: Run) -> dict[str, Any]:
    try:
        record = run.read_record()
        config = run.read_config()
    except StoredFileError:
        return {"run": run.name, "status": "unreadable"}
    config.pop("format", None)
    attempts = ((attempt.number, attempt.changes) for attempt in record.attempts)
    settings = effective_config(config, attempts).config
    return {
        "run": run.name,
        "id": record.id,
        "status": run.status(record).word,
        "created": record.created,
        **{f"config.{key}": value for key, value in flatten(settings).items()},
        **_metrics(record),
    }


def _metrics(record: RunRecord) -> dict[str, float]:
    """`last.loss` and so on; `best.val_loss` is the best value of that monitor."""
    values: dict[str, Number] = {f"last.{name}": value for name, value in record.last.items()}
    values.update({f"best.{best.monitor}": best.value for best in record.best})
    return {name: decode_number(value) for name, value in values.items()}
