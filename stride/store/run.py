"""One training: a folder `work_dir/<number or name>`, its paths, content and attempts."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from stride.errors import StorageError, StoredFileError
from stride.files import read_json
from stride.store.attempt import Attempt
from stride.store.labels import Labels, read_labels, write_labels
from stride.store.liveness import ALIVE, Life, Verdict, read_verdict
from stride.store.record import RunRecord, read_record
from stride.store.results import read_results, save_results
from stride.store.run_folder import RunFolder
from stride.store.start import start_attempt
from stride.tables import Table


class Run(RunFolder):
    """The folder of a run. Making the object touches no disk; `WorkDir.create` makes the folder.

    Args:
        path: of the folder.
        address: how the run is named to people, as in `exp/3`; the path unless given.
    """

    def __init__(self, path: str | Path, *, address: str | None = None) -> None:
        super().__init__(path)
        self.address = address if address is not None else str(path)
        """`exp/3`, with the experiment as it was typed."""

    def __repr__(self) -> str:
        return f"Run({self.address!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

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

    @functools.cached_property
    def digests(self) -> Table:
        """The table of digests.csv: what two trainings of the same config have in common."""
        return Table(self.digests_path)

    def exists(self) -> bool:
        """Whether there is such a run, whole or damaged."""
        return self.record_path.exists() or self.config_path.exists()

    def read_config(self) -> dict[str, Any]:
        """The settings as they were decided, `format` included.

        Raises:
            StoredFileError: config.json is missing, empty, cut off, or not JSON.
        """
        self.check_inside(self.config_path)
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
        self.check_inside(self.record_path)
        try:
            return read_record(self.record_path)
        except FileNotFoundError as error:
            raise StoredFileError(f"{self.record_path} is missing") from error

    def read_labels(self) -> Labels:
        """Tags and note; none where nobody wrote any."""
        self.check_inside(self.labels_path)
        return read_labels(self.labels_path)

    def write_labels(
        self,
        *,
        add_tags: tuple[str, ...] = (),
        remove_tags: tuple[str, ...] = (),
        note: str | None = None,
        append: bool = False,
    ) -> Labels:
        """Change tags and note, also while the run trains; people who write at once take turns.

        Tags keep the order in which they came. A note of None stays, "" removes it; with `append`
        it becomes a further line.

        Raises:
            RunNotFoundError: the run was moved away a moment ago.
            StoredFileError: the labels that are there cannot be read; they stay.
            StorageError: the disk refused.
        """
        return write_labels(
            self.labels_path,
            self.labels_lock_path,
            add_tags=add_tags,
            remove_tags=remove_tags,
            note=note,
            append=append,
        )

    def status(self, record: RunRecord | None = None) -> Verdict:
        """What is true of the run now. Takes no lock and writes nothing.

        An attempt may end while it is looked at: its lock is free, and the record that was read
        still says running. So before a run is said to be dead its record is read once more.

        Args:
            record: what `read_record` gave a moment ago. The answer is about that moment: of a run
                that has ended or was removed since, that it was alive.
        """
        known = record or self.read_record()
        found = read_verdict(known, self.lock_path, self.fault_path)
        if found.life not in (Life.CRASHED, Life.UNKNOWN):
            return found
        try:
            newer = self.read_record()
        except (StoredFileError, StorageError):
            return found if self.path.is_dir() else ALIVE
        if (newer.status, len(newer.attempts)) == (known.status, len(known.attempts)):
            return found
        return ALIVE if record is not None else self.status()

    def start(
        self,
        *,
        overrides: tuple[str, ...] = (),
        settings: Mapping[str, Any] = MappingProxyType({}),
        launcher: str = "python",
        world_size: int = 1,
        nodes: int = 1,
        takeover: bool = False,
        promise: float = 600.0,
        first: bool = False,
    ) -> Attempt:
        """Begin an attempt: take the lock, write the status `running`; see `Attempt`.

        Args:
            overrides: of this attempt, as typed.
            settings: what they mean: dotted keys that it changes, with their values.
            launcher: what started the process (`python`, `stride fit`, `torchrun`, ...).
            world_size: processes that train together.
            nodes: machines that they are on.
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
            nodes=nodes,
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
        path = self.results_file(name)
        self.check_inside(path)
        return read_results(path)
