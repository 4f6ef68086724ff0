"""An experiment: a folder, `work_dir`, and the runs in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stride.config.format import FORMAT as CONFIG_FORMAT
from stride.errors import (
    NewerFormatError,
    NotAnExperimentError,
    RunNotFoundError,
    StoredFileError,
)
from stride.files import read_json, storage_errors
from stride.store.claim import Place
from stride.store.creation import create_run, every_key, run_contents
from stride.store.entries import is_run, newest, read_names
from stride.store.founding import encode_config, found
from stride.store.names import check_run_name
from stride.store.record import CodeRecord, Parent, TrialRecord, new_record
from stride.store.references import find_run
from stride.store.run import Run
from stride.store.runs import Runs

if TYPE_CHECKING:
    import pandas


class WorkDir:
    """A folder whose config.json carries stride's `format`, and its runs.

    Making the object touches no disk. A relative path is taken from the folder that is the
    current one at that moment.

    Args:
        path: of the folder; it need not exist.
    """

    def __init__(self, path: str | Path) -> None:
        typed = os.fspath(path)
        if not typed or "\0" in typed:
            raise NotAnExperimentError("work_dir is not a path; give a folder, as in work_dir=exp")
        self.address = str(Path(typed))
        """The path as it was typed."""
        try:
            self.path = Path(typed).expanduser().absolute()
        except RuntimeError as error:
            raise NotAnExperimentError(f"work_dir={typed} is in no user's home folder") from error

    def __repr__(self) -> str:
        return f"WorkDir({self.address!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WorkDir) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    @cached_property
    def config_path(self) -> Path:
        """What was chosen for the whole experiment; every new run starts from it."""
        return self.path / "config.json"

    @cached_property
    def record_path(self) -> Path:
        """What would make the folder a run: an experiment has no such file."""
        return Run(self.path).record_path

    @cached_property
    def cache_path(self) -> Path:
        """Caches: may be removed at any time."""
        return self.path / ".stride"

    @cached_property
    def staging_path(self) -> Path:
        """Runs that are being made."""
        return self.path / ".staging"

    @cached_property
    def trash_path(self) -> Path:
        """Runs that were removed, whole."""
        return self.path / ".trash"

    @cached_property
    def aside_path(self) -> Path:
        """What `doctor` took out of runs: content that nobody could read, or had a use for."""
        return self.trash_path / ".aside"

    @cached_property
    def sweeps_path(self) -> Path:
        """Definition and journal of each sweep, in a folder of its name."""
        return self.path / ".sweeps"

    @cached_property
    def next_number_path(self) -> Path:
        """The number that the next run probably gets; a cache."""
        return self.cache_path / "next_number"

    def index_file(self, name: str) -> Path:
        """A file of the index of the runs; a cache."""
        return self.cache_path / name

    @cached_property
    def _place(self) -> Place:
        return Place(self.path, self.staging_path, self.trash_path, self.next_number_path)

    def exists(self) -> bool:
        """Whether there is an experiment, also one whose config.json cannot be read."""
        try:
            self.check()
        except (RunNotFoundError, NotAnExperimentError, StoredFileError) as error:
            return isinstance(error, StoredFileError)
        return True

    def check(self) -> None:
        """Look whether there is an experiment.

        Raises:
            RunNotFoundError: there is nothing.
            NotAnExperimentError: it is a file, a run, or a folder of something else.
            StoredFileError: its config.json cannot be read.
            StorageError: the folder cannot be looked at.
        """
        try:
            with storage_errors("read", self.path):
                self.path.lstat()
        except FileNotFoundError as error:
            raise RunNotFoundError(f"there is no experiment {self.address}") from error
        if not self.path.is_dir():
            raise NotAnExperimentError(f"{self.address} is a file, not the folder of an experiment")
        if os.path.lexists(self.record_path):
            raise NotAnExperimentError(
                f"{self.address} is a run; its experiment is {self.path.parent}"
            )
        try:
            self.read_config()
        except FileNotFoundError as error:
            raise NotAnExperimentError(
                f"{self.address} is not an experiment: it has no config.json; "
                f"`stride init {self.address}` makes it one"
            ) from error

    def initialize(self, config: Mapping[str, Any] | None = None, *, adopt: bool = False) -> bool:
        """Make the folder an experiment whose config.json holds `config`; whether that was done.

        Where there is an experiment nothing changes. Of several processes at once, one does it.

        Args:
            adopt: take a folder that has other content, which stays as it is.

        Raises:
            NotAnExperimentError: a file, a run, or a folder with other content and no `adopt`.
            ConfigError: `config` cannot be written as JSON.
            StorageError: the disk refused; nothing is left behind.
        """
        return found(self, encode_config(config or {}), adopt=adopt)

    def read_config(self) -> dict[str, Any]:
        """What was chosen for the experiment, `format` included.

        Raises:
            FileNotFoundError: there is no config.json.
            NotAnExperimentError: it is a config.json of something else.
            NewerFormatError: written by a newer stride.
            StoredFileError: it is empty, cut off, or not JSON.
            StorageError: it cannot be read.
        """
        tree = read_json(self.config_path)
        number = tree.get("format") if isinstance(tree, dict) else None
        if not isinstance(number, int) or isinstance(number, bool):
            raise NotAnExperimentError(
                f"{self.address} is not an experiment: its config.json has no format of stride"
            )
        if number > CONFIG_FORMAT:
            raise NewerFormatError(
                f"{self.config_path} has format {number} and was written by a newer stride; "
                f"this one reads up to {CONFIG_FORMAT}: update stride to read it"
            )
        return dict(tree)

    def create(
        self,
        config: Mapping[str, Any],
        *,
        name: str | None = None,
        overrides: tuple[str, ...] = (),
        chosen: tuple[str, ...] | None = None,
        parents: tuple[Parent, ...] = (),
        code: tuple[CodeRecord, ...] = (),
        sweep: TrialRecord | None = None,
        experiment: Mapping[str, Any] | None = None,
    ) -> Run:
        """Make a run, durably; it gets the next number, or the name.

        The experiment is made with it where there is none. On any error nothing is left behind.

        Args:
            config: all settings, as plain JSON values; written once, and never changed.
            overrides: as they were typed.
            chosen: dotted keys of the config that people gave, the others are defaults; None: all.
            experiment: what is chosen for the whole experiment, where it is made with the run.

        Raises:
            RunNameError, RunExistsError: of the name.
            NotAnExperimentError: the folder has other content.
            ConfigError: the config cannot be written as JSON.
            StorageError: the disk refused.
        """
        if name is not None:
            check_run_name(name)
        chosen = every_key(self, config) if chosen is None else chosen
        record = new_record(overrides, chosen, parents, code, sweep)
        contents = run_contents(self, config, record)
        return self._run(create_run(self, self._place, contents, name, experiment or {}))

    def _run(self, name: str) -> Run:
        return Run(self.path / name, address=f"{self.address}/{name}")

    def run(self, reference: int | str) -> Run:
        """The run of a number, a name, `latest`, `best` or `best:<monitor>`.

        `latest` is the highest number; `best` is by the monitor that the runs share, completed
        runs first, the lower number on a tie.

        Raises:
            RunNotFoundError: there is no such run, or no experiment; says what there is.
            NotAnExperimentError: the folder is no experiment.
        """
        self.check()
        return find_run(self, str(reference))

    def runs(
        self,
        where: str | Sequence[str] | None = None,
        sort: str | Sequence[str] = (),
        limit: int | None = None,
    ) -> Runs:
        """Runs: all of them, or those that a query is true of; docs/finding.md has its language.

        Args:
            where: as in `"val_accuracy > 0.97 and lr in [1e-3, 3e-4]"`; several all have to hold.
            sort: as in `"-val_accuracy"`, or several. Without: numbers upward, and then names.
            limit: at most so many.

        Raises:
            RunNotFoundError, NotAnExperimentError: when they are asked for, where no experiment is.
            QueryError: then too, of a query or sort key.
        """

        return Runs(self, where, sort, limit)

    def walk(self) -> Iterator[Run]:
        """All runs, numbers upward and then names; reads none of their files."""
        self.check()
        numbers, names = read_names(self.path)
        for name in (*map(str, numbers), *names):
            if is_run(run := self._run(name)):
                yield run

    def newest(self, limit: int) -> list[Run]:
        """The runs that were made last, the newest first.

        Numbers tell their order; a named run is placed by the time of its config.json.
        """
        self.check()
        numbers, names = read_names(self.path)
        downward = (self._run(str(number)) for number in reversed(numbers))
        return newest(limit, downward, map(self._run, names))

    def count(self) -> int:
        """How many runs there are. Folders with a number count unseen: it is one look for all."""
        self.check()
        numbers, names = read_names(self.path)
        return len(numbers) + sum(map(is_run, map(self._run, names)))

    def frame(
        self,
        where: str | Sequence[str] | None = None,
        sort: str | Sequence[str] = (),
        limit: int | None = None,
    ) -> pandas.DataFrame:
        """One row a run, as a pandas table: run, status, config keys, metrics; see `runs`.

        Raises:
            UsageError: pandas is not installed; or of the query.
        """
        return self.runs(where, sort, limit).frame()
