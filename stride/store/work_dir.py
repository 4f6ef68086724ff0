"""An experiment: a folder, `work_dir`, and the runs in it."""

from __future__ import annotations

import contextlib
import heapq
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stride import __version__
from stride.errors import (
    ConfigError,
    NewerFormatError,
    NotAnExperimentError,
    RunNotFoundError,
    StorageError,
)
from stride.files import encode_json, is_temporary, read_json, storage_errors, write_exclusive
from stride.store.claim import Place, claim
from stride.store.names import (
    LATEST,
    check_run_name,
    is_digits,
    is_number,
    is_run_name,
    parse_number,
)
from stride.store.record import (
    CodeRecord,
    Parent,
    RunRecord,
    Status,
    encode_record,
    storable,
    utc_now,
)
from stride.store.run import Run

if TYPE_CHECKING:
    import pandas

CONFIG_FORMAT = 1
_NO_CONTENT = frozenset({".stride", ".staging", ".trash", ".DS_Store", ".gitkeep"})
_RETRIES = 20


class WorkDir:
    """A folder whose config.json carries stride's `format`, and its runs.

    Making the object touches no disk. A relative path is taken from the current folder of this moment.

    Args:
        path: of the folder; it need not exist.
    """

    def __init__(self, path: str | Path) -> None:
        typed = os.fspath(path)
        if not typed or "\0" in typed:
            raise NotAnExperimentError("work_dir is empty; give a folder, as in work_dir=exp")
        self.address = str(Path(typed))
        """The path as it was typed."""
        self.path = Path(typed).expanduser().absolute()

    def __repr__(self) -> str:
        return f"WorkDir({self.address!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WorkDir) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def config_path(self) -> Path:
        """What was chosen for the whole experiment; every new run starts from it."""
        return self.path / "config.json"

    @property
    def cache_path(self) -> Path:
        """Caches: may be removed at any time."""
        return self.path / ".stride"

    @property
    def staging_path(self) -> Path:
        """Runs that are being made."""
        return self.path / ".staging"

    @property
    def trash_path(self) -> Path:
        """Runs that were removed, whole."""
        return self.path / ".trash"

    @property
    def next_number_path(self) -> Path:
        """The number that the next run probably gets; a cache."""
        return self.cache_path / "next_number"

    def exists(self) -> bool:
        """Whether there is an experiment."""
        try:
            self.check()
        except (RunNotFoundError, NotAnExperimentError, NewerFormatError):
            return False
        return True

    def check(self) -> None:
        """Look whether there is an experiment.

        Raises:
            RunNotFoundError: there is nothing.
            NotAnExperimentError: it is a file, a run, or a folder of something else.
            StoredFileError: its config.json cannot be read.
        """
        if not os.path.lexists(self.path):
            raise RunNotFoundError(f"there is no experiment {self.address}")
        if not self.path.is_dir():
            raise NotAnExperimentError(f"{self.address} is a file, not the folder of an experiment")
        if Run(self.path).record_path.exists():
            raise NotAnExperimentError(
                f"{self.address} is a run; the experiment is {self.path.parent}"
            )
        if not self.config_path.exists():
            raise NotAnExperimentError(
                f"{self.address} is not an experiment: it has no config.json; "
                f"`stride init {self.address}` makes it one"
            )
        self.read_config()

    def initialize(self, config: Mapping[str, Any] | None = None, *, adopt: bool = False) -> bool:
        """Make the folder an experiment, whose config.json holds `config`; whether there was none before.

        Where one is, nothing changes. Any number of processes may do it at once: one of them does.

        Args:
            adopt: take a folder that has other content, which stays as it is.

        Raises:
            NotAnExperimentError: a file, a run, or a folder with other content and `adopt` is not set.
            ConfigError: `config` cannot be written as JSON.
            StorageError: the disk refused; nothing is left behind.
        """
        content = _encode_config(config or {})
        if self.path.is_dir():
            if self.config_path.exists() or self._has_content(adopt=adopt):
                self.check()
                return False
        elif os.path.lexists(self.path):
            self.check()
        made = self._make_folders()
        try:
            return write_exclusive(self.config_path, content)
        except BaseException:
            for folder in made:
                with contextlib.suppress(OSError):
                    folder.rmdir()
            raise

    def _has_content(self, *, adopt: bool) -> bool:
        """Whether the folder holds what is not ours to take."""
        if adopt and not Run(self.path).record_path.exists():
            return False
        with storage_errors("read", self.path):
            names = os.listdir(self.path)
        return any(name not in _NO_CONTENT and not is_temporary(name) for name in names)

    def _make_folders(self) -> list[Path]:
        """Make the folder and those above it; give the made ones, the deepest first."""
        missing: list[Path] = []
        folder = self.path
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        made: list[Path] = []
        try:
            with storage_errors("make", self.path):
                for folder in reversed(missing):
                    with contextlib.suppress(FileExistsError):
                        folder.mkdir()
                        made.insert(0, folder)
        except BaseException:
            for folder in made:
                with contextlib.suppress(OSError):
                    folder.rmdir()
            raise
        return made

    def read_config(self) -> dict[str, Any]:
        """What was chosen for the experiment, `format` included.

        Raises:
            FileNotFoundError: there is no config.json.
            StoredFileError: it is empty, cut off, or not JSON.
            NewerFormatError: written by a newer stride.
            NotAnExperimentError: it is a config.json of something else.
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
        chosen: tuple[str, ...] = (),
        parent: Parent | None = None,
        code: tuple[CodeRecord, ...] = (),
    ) -> Run:
        """Make a run, durably; it gets the next number, or the name.

        The experiment is made with it where there is none. On any error nothing is left behind.

        Args:
            config: all settings of the run, as plain JSON values; they are written once and never changed.
            overrides: as they were typed.
            chosen: dotted keys of the config that people gave, as opposed to defaults.

        Raises:
            RunNameError, RunExistsError: of the name.
            NotAnExperimentError: the folder has other content.
            ConfigError: the config cannot be written as JSON.
            StorageError: the disk refused.
        """
        if name is not None:
            check_run_name(name)
        record = RunRecord(
            id=uuid.uuid4().hex,
            status=Status.CREATED,
            created=utc_now(),
            stride=__version__,
            overrides=tuple(overrides),
            chosen=tuple(chosen),
            parent=parent,
            code=tuple(code),
        )
        template = Run(self.path)
        contents = {
            template.config_path.name: _encode_config(config),
            template.record_path.name: encode_record(record),
        }
        place = Place(self.path, self.staging_path, self.trash_path, self.next_number_path)
        for _ in range(_RETRIES):
            made = self.initialize()
            try:
                taken = claim(place, contents, name)
            except FileNotFoundError:
                continue  # removed meanwhile by a creation that failed, or by hand: make it again
            except BaseException:
                if made:
                    self._unmake()
                raise
            return self._run(taken)
        raise StorageError(f"cannot create a run in {self.path}: the folder is being removed")

    def _unmake(self) -> None:
        """Undo `initialize` where a first creation failed, unless another process uses the experiment by now."""
        with contextlib.suppress(OSError):
            content = self.config_path.read_bytes()
            self.staging_path.rmdir()
            self.next_number_path.unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                self.cache_path.rmdir()
            self.config_path.unlink()
            try:
                self.path.rmdir()
            except OSError:
                write_exclusive(self.config_path, content)

    def _run(self, name: str) -> Run:
        return Run(self.path / name, address=f"{self.address}/{name}")

    def run(self, reference: int | str) -> Run:
        """The run of a number, a name, or `latest`, which is the highest number.

        Raises:
            RunNotFoundError: there is no such run; the sentence says what there is.
            NotAnExperimentError: the folder is no experiment.
        """
        self.check()
        text = str(reference)
        if text == LATEST:
            number = max(
                (run.number for run in self.runs() if run.number is not None), default=None
            )
            if number is None:
                raise RunNotFoundError(f"{self.address} has no numbered run yet")
            return self._run(str(number))
        if is_digits(text):
            text = str(parse_number(text))
        if (is_number(text) or is_run_name(text)) and self._is_run(text):
            return self._run(text)
        raise RunNotFoundError(
            f"run {text!r:.110} is not in {self.address} (it has {self._what_is_there()})"
        )

    def _is_run(self, name: str) -> bool:
        run = Run(self.path / name)
        if not (run.record_path.exists() or run.config_path.exists()):
            return False
        return not run.path.is_symlink() or run.path.resolve().is_relative_to(self.path.resolve())

    def _what_is_there(self) -> str:
        numbers: list[list[int]] = []
        names: list[str] = []
        for run in self.runs():
            if run.number is None:
                names.append(run.name)
            elif numbers and numbers[-1][1] == run.number - 1:
                numbers[-1][1] = run.number
            else:
                numbers.append([run.number, run.number])
        parts = [str(first) if first == last else f"{first}-{last}" for first, last in numbers]
        parts = parts + names
        more = len(parts) - 10
        shown = ", ".join(parts[:10]) + (f" and {more} more" if more > 0 else "")
        return shown or "no runs yet"

    def runs(self) -> Iterator[Run]:
        """All runs, numbers upward and then names; reads none of their files.

        Raises:
            RunNotFoundError, NotAnExperimentError: at the first one, where there is no experiment.
        """
        self.check()
        numbers, names = self._candidates()
        for name in (*(str(number) for number in sorted(numbers)), *sorted(names)):
            if self._is_run(name):
                yield self._run(name)

    def newest(self, limit: int) -> list[Run]:
        """The runs that were made last, the newest first; named runs are placed by the time of their config.json."""
        self.check()
        numbers, names = self._candidates()
        found: list[Run] = []
        for number in sorted(numbers, reverse=True):
            if len(found) >= limit:
                break
            if self._is_run(str(number)):
                found.append(self._run(str(number)))
        named = [self._run(name) for name in names if self._is_run(name)]
        if not named:
            return found
        return heapq.nlargest(limit, [*found, *named], key=_made_at)

    def _candidates(self) -> tuple[list[int], list[str]]:
        numbers: list[int] = []
        names: list[str] = []
        with storage_errors("read", self.path):
            listing = os.listdir(self.path)
        for name in listing:
            if is_number(name):
                numbers.append(int(name))
            elif is_run_name(name):
                names.append(name)
        return numbers, names

    def frame(self) -> pandas.DataFrame:
        """One row a run, as a pandas table: run, status, times, config keys, last and best metrics.

        Raises:
            UsageError: pandas is not installed.
        """
        from stride.store.frame import build_frame  # deferred: only this needs pandas

        return build_frame(self.runs())


def _made_at(run: Run) -> tuple[int, int]:
    try:
        made = run.config_path.stat().st_mtime_ns
    except OSError:
        made = 0
    return made, run.number if run.number is not None else -1


def _encode_config(config: Mapping[str, Any]) -> bytes:
    tree = {"format": CONFIG_FORMAT, **config}
    try:
        return encode_json(storable(tree))
    except ValueError as error:
        raise ConfigError(f"the config cannot be written as JSON: {error}") from error
