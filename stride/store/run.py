"""One training: a folder `work_dir/<number or name>`, its paths, content and attempts."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from stride.errors import StoredFileError
from stride.files import read_json
from stride.store.attempt import Attempt
from stride.store.checkpoint_paths import CheckpointPaths
from stride.store.labels import Labels, read_labels, write_labels
from stride.store.liveness import Verdict, read_verdict
from stride.store.names import check_file_name, is_number
from stride.store.record import RunRecord, read_record
from stride.store.results import read_results, save_results
from stride.store.start import start_attempt
from stride.tables import Table


class Run:
    """The folder of a run. Making the object touches no disk; `WorkDir.create` makes the folder.

    Args:
        path: of the folder.
        address: how the run is named to people, as in `exp/3`; the path unless given.
    """

    def __init__(self, path: str | Path, *, address: str | None = None) -> None:
        self.path = Path(path).absolute()
        self.address = address if address is not None else str(path)
        """`exp/3`, with the experiment as it was typed."""

    def __repr__(self) -> str:
        return f"Run({self.address!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def name(self) -> str:
        """The number or name, as text."""
        return self.path.name

    @property
    def number(self) -> int | None:
        """The number, None for a named run."""
        return int(self.name) if is_number(self.name) else None

    @property
    def work_dir(self) -> Path:
        """The folder of the experiment."""
        return self.path.parent

    @property
    def config_path(self) -> Path:
        """The settings, written once."""
        return self.path / "config.json"

    @property
    def record_path(self) -> Path:
        """Status, attempts, what was found; the attempt's to write."""
        return self.path / "run.json"

    @property
    def labels_path(self) -> Path:
        """Tags and note."""
        return self.path / "labels.json"

    @property
    def labels_lock_path(self) -> Path:
        """Where writers of the labels take turns."""
        return self.path / ".labels.lock"

    @property
    def lock_path(self) -> Path:
        """Held by the attempt while its process lives."""
        return self.path / ".attempt.lock"

    def request_path(self, name: str) -> Path:
        """Where a training is asked for something: to `stop`, to write a `checkpoint`."""
        return self.path / f".{name}-request"

    @property
    def provenance_path(self) -> Path:
        """Code, packages and machine of the first attempt."""
        return self.path / "provenance"

    def attempt_provenance_path(self, number: int) -> Path:
        """The provenance of one attempt: of the first, or of a later one (from 1) that differs."""
        return self.provenance_path if number == 1 else self.provenance_path / f"attempt-{number}"

    @property
    def logs_path(self) -> Path:
        """Logs and tables."""
        return self.path / "logs"

    def log_path(self, rank: int = 0) -> Path:
        """The log of a rank: run.log of the first, rank1.log and so on of the others."""
        return self.logs_path / ("run.log" if rank == 0 else f"rank{rank}.log")

    @property
    def metrics_path(self) -> Path:
        """A row an epoch."""
        return self.logs_path / "metrics.csv"

    @property
    def steps_path(self) -> Path:
        """A row a log step."""
        return self.logs_path / "steps.csv"

    @property
    def timings_path(self) -> Path:
        """Seconds, samples a second and memory, apart from what must be the same bits each time."""
        return self.logs_path / "timings.csv"

    @property
    def tensorboard_path(self) -> Path:
        """Event files of TensorBoard, where that was asked for."""
        return self.logs_path / "tensorboard"

    @property
    def fault_path(self) -> Path:
        """Where faulthandler writes the trace of a crash inside native code."""
        return self.logs_path / "fault.log"

    @property
    def weights_path(self) -> Path:
        """Weights as safetensors."""
        return self.path / "weights"

    def weights_file(self, name: str) -> Path:
        """A file of weights: `best`, `last`, `best-val_loss`; the ending is added.

        Raises:
            RunNameError: the name leads to another folder.
        """
        name = check_file_name(name)
        return self.weights_path / f"{name.removesuffix('.safetensors')}.safetensors"

    @property
    def checkpoints_path(self) -> Path:
        """All that is needed to go on."""
        return self.path / "checkpoints"

    @property
    def checkpoint_paths(self) -> CheckpointPaths:
        """The checkpoints in that folder."""
        return CheckpointPaths(self.checkpoints_path)

    @property
    def results_path(self) -> Path:
        """Metrics of the evaluation that ends the training, predictions, figures."""
        return self.path / "results"

    def results_file(self, name: str = "metrics") -> Path:
        """A JSON file of results.

        Raises:
            RunNameError: the name leads to another folder.
        """
        name = check_file_name(name)
        return self.results_path / f"{name.removesuffix('.json')}.json"

    @property
    def results_metrics_path(self) -> Path:
        """The metrics of the evaluation that ends the training; never changed."""
        return self.results_file("metrics")

    @functools.cached_property
    def metrics(self) -> Table:
        """The table of metrics.csv; a row is with the operating system when `append` returns."""
        return Table(self.metrics_path)

    @functools.cached_property
    def steps(self) -> Table:
        """The table of steps.csv; a row is with the operating system within a second."""
        return Table(self.steps_path, delay=1.0)

    @functools.cached_property
    def timings(self) -> Table:
        """The table of timings.csv; a row is with the operating system within a second."""
        return Table(self.timings_path, delay=1.0)

    def exists(self) -> bool:
        """Whether there is such a run, whole or damaged."""
        return self.record_path.exists() or self.config_path.exists()

    def read_config(self) -> dict[str, Any]:
        """The settings as they were decided, `format` included.

        Raises:
            StoredFileError: config.json is missing, empty, cut off, or not JSON.
        """
        try:
            tree = read_json(self.config_path)
        except FileNotFoundError as error:
            raise StoredFileError(f"{self.config_path} is missing") from error
        if not isinstance(tree, dict):
            raise StoredFileError(f"{self.config_path} holds no mapping")
        return tree

    def read_record(self) -> RunRecord:
        """Status, attempts, what was found.

        Raises:
            StoredFileError: run.json is missing, empty, cut off, not JSON, or of a wrong type.
            NewerFormatError: written by a newer stride.
        """
        try:
            return read_record(self.record_path)
        except FileNotFoundError as error:
            raise StoredFileError(f"{self.record_path} is missing") from error

    def read_labels(self) -> Labels:
        """Tags and note; none where nobody wrote any."""
        return read_labels(self.labels_path)

    def write_labels(
        self,
        *,
        add_tags: tuple[str, ...] = (),
        remove_tags: tuple[str, ...] = (),
        note: str | None = None,
    ) -> Labels:
        """Change tags and note, also while the run trains; people who write at once take turns."""
        return write_labels(
            self.labels_path,
            self.labels_lock_path,
            add_tags=add_tags,
            remove_tags=remove_tags,
            note=note,
        )

    def status(self, record: RunRecord | None = None) -> Verdict:
        """What is true of the run now. Takes no lock and writes nothing.

        Args:
            record: what `read_record` gave a moment ago, to spare a second reading.
        """
        return read_verdict(record or self.read_record(), self.lock_path, self.fault_path)

    def start(
        self,
        *,
        overrides: tuple[str, ...] = (),
        settings: Mapping[str, Any] = MappingProxyType({}),
        launcher: str = "python",
        world_size: int = 1,
        takeover: bool = False,
        promise: float = 600.0,
        first: bool = False,
    ) -> Attempt:
        """Begin an attempt: take the lock, write the status `running`; see `Attempt`.

        Args:
            overrides: of this attempt, as typed.
            settings: what they mean: dotted keys that it changes, with their values.
            launcher: what started the process (`python`, `stride fit`, `torchrun`, ...).
            takeover: go on although nothing is known of the process that had the run.
            promise: seconds until the first sign of life at the latest.
            first: refuse a run that was tried before, also a moment ago by another process.

        Raises:
            RunBusyError: another process is training it, or may be.
            RunStateError: the run is completed, and so closed; or it was tried before.
            StoredFileError: run.json cannot be read.
            StorageError: the disk refused.
        """
        return start_attempt(
            self,
            overrides=overrides,
            settings=settings,
            launcher=launcher,
            world_size=world_size,
            takeover=takeover,
            promise=promise,
            first=first,
        )

    def save_results(self, metrics: Mapping[str, float], name: str = "metrics") -> Path:
        """Write `results/<name>.json` and give its path; what is there is never changed.

        Where the file exists, the next free of `<name>-2.json`, `<name>-3.json` ... is written.

        Raises:
            StorageError: the disk refused.
        """
        return save_results(self, metrics, name)

    def read_results(self, name: str = "metrics") -> dict[str, Any]:
        """The numbers of `results/<name>.json`; {} where there is none.

        Raises:
            StoredFileError: it is empty, cut off, or not JSON.
        """
        return read_results(self.results_file(name))
