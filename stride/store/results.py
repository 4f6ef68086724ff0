"""The results of a run: JSON files of numbers, each written once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stride.errors import StoredFileError
from stride.files import decode_number, encode_json, read_json, storage_errors, write_exclusive
from stride.store.stored_values import stored_metrics

if TYPE_CHECKING:
    from stride.store.run import Run


def save_results(run: Run, metrics: Mapping[str, float], name: str) -> Path:
    """Write `results/<name>.json`, or the next free name; see `Run.save_results`."""
    with storage_errors("make", run.results_path):
        run.results_path.mkdir(exist_ok=True)
    content = encode_json(stored_metrics(metrics))
    path, count = run.results_file(name), 1
    while not write_exclusive(path, content):
        count += 1
        path = run.results_file(f"{name}-{count}")
    return path


def read_results(path: Path) -> dict[str, Any]:
    """The numbers of a file of results; see `Run.read_results`."""
    try:
        tree = read_json(path)
    except FileNotFoundError:
        return {}
    if not isinstance(tree, dict):
        raise StoredFileError(f"{path} holds no mapping")
    return {
        key: decode_number(value) if value in ("nan", "inf", "-inf") else value
        for key, value in tree.items()
    }
