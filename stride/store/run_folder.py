"""The folder of a run: where each of its files lies."""

from __future__ import annotations

import os
from pathlib import Path

from stride.errors import StoredFileError
from stride.store.checkpoint_paths import CheckpointPaths
from stride.store.names import check_file_name, is_number


class RunFolder:
    """The paths of a run. Making the object touches no disk, and none of it looks at it.

    Args:
        path: of the folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).absolute()

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
    def removal_path(self) -> Path:
        """When the run was removed; in the trash only."""
        return self.path / ".removed.json"

    @property
    def import_path(self) -> Path:
        """Where the run was imported from; of imported runs only."""
        return self.path / "imported.json"

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
    def digests_path(self) -> Path:
        """A row a checkpoint: the digest of the whole state, kept when the checkpoint is gone."""
        return self.logs_path / "digests.csv"

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

    def has_link(self, path: Path) -> bool:
        """Whether a file of the run, or a folder of the run that it is in, is a symbolic link."""
        while path != self.path:
            if path.is_symlink():
                return True
            path = path.parent
        return False

    def check_inside(self, path: Path) -> None:
        """Look whether a file of the run is in the experiment; links out of it are not followed.

        Raises:
            StoredFileError: it is a symbolic link that leads out, or in a folder that is one.
        """
        if not self.has_link(path):
            return
        target, experiment = (Path(os.path.realpath(each)) for each in (path, self.work_dir))
        if not target.is_relative_to(experiment):
            raise StoredFileError(f"{path} is a symbolic link that leads out of the experiment")
