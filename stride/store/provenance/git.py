"""Git: one repository, asked in a way that runs nothing but `git` and changes nothing.

A repository's config can name programs: hooks, a file system monitor, filters, external diffs, text
conversions, transports. All of these are switched off here, so that taking provenance never
executes code that a repository brought along; nor does it write to the index or talk to a network.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from stride.errors import StrideError
from stride.store.provenance.secrets import masked_text

GIT_SECONDS: Final = 20.0
"""How long all questions to one repository may take; what is not answered by then is noted."""

_SETTINGS: Final = (
    "core.fsmonitor=",  # not `false`: before git 2.36 that was the name of a program
    f"core.hooksPath={os.devnull}",
    "core.splitIndex=false",
    "core.pager=cat",
    "color.ui=false",
    "protocol.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "diff.autoRefreshIndex=true",
    "diff.relative=false",
    "diff.suppressBlankEmpty=false",
)
_KEPT_VARIABLES: Final = ("GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM")


class GitError(StrideError):
    """Git is not there, refused, or took too long; becomes a note and never leaves provenance."""


class Git:
    """The repository around a folder.

    Args:
        folder: where git runs; paths that it gives are relative to it.
        deadline: by `time.monotonic()`; calls after it are refused.
        settings: `key=value` pairs of git config, on top of the ones that keep git from running
            programs.
        index: the file of the index, where it is not the repository's own.
        protocols: that may be spoken, as `https:ssh`; none unless a person named an address.
    """

    def __init__(
        self,
        folder: Path,
        deadline: float,
        settings: tuple[str, ...] = (),
        index: Path | None = None,
        protocols: str = "none",
    ) -> None:
        self.folder = folder
        self.deadline = deadline
        self._settings = settings
        self._index = index
        self._protocols = protocols
        executable = shutil.which("git")
        if executable is None:
            raise GitError("git is not installed: the state of the code is not kept")
        self._executable = executable

    def run(
        self,
        *arguments: str,
        feed: bytes = b"",
        accept: Collection[int] = (0,),
        literal: bool = True,
    ) -> bytes:
        """What `git <arguments>` writes to its output.

        Args:
            feed: its input.
            accept: exit statuses that are an answer.
            literal: whether paths among the arguments stand for themselves, stars included.

        Raises:
            GitError: it refused (its own words are in the sentence), or the deadline has passed.
        """
        settings = [part for pair in (*_SETTINGS, *self._settings) for part in ("-c", pair)]
        command = [self._executable, "--no-optional-locks", "--no-pager", *settings, *arguments]
        name = f"git {arguments[0]}"
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise GitError(f"{name} was not asked: git has taken too long already")
        try:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=_environment(literal, self._index, self._protocols),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # so that a timeout can end git and what it started
            )
        except (OSError, ValueError) as error:
            raise GitError(f"{name} could not be started in {self.folder}: {error}") from error
        try:
            output, complaint = process.communicate(feed, timeout=remaining)
        except subprocess.TimeoutExpired:
            _end(process)
            raise GitError(f"{name} took longer than it may and was ended") from None
        except BaseException:
            _end(process)
            raise
        if process.returncode not in accept:
            raise GitError(f"{name} refused: {_first_line(complaint, process.returncode)}")
        return output

    def text(self, *arguments: str, accept: Collection[int] = (0,)) -> str:
        """What `git <arguments>` writes, without the newline at its end; see `run`."""
        return os.fsdecode(self.run(*arguments, accept=accept).removesuffix(b"\n"))

    def records(
        self,
        *arguments: str,
        feed: bytes = b"",
        accept: Collection[int] = (0,),
        literal: bool = True,
    ) -> list[str]:
        """What `git <arguments> -z` writes, cut at its zero bytes; see `run`."""
        output = self.run(*arguments, feed=feed, accept=accept, literal=literal)
        return [os.fsdecode(record) for record in output.split(b"\0")[:-1]]


@contextlib.contextmanager
def open_repository(
    source: Path, seconds: float = GIT_SECONDS
) -> Iterator[tuple[Git, frozenset[str]]]:
    """The repository around `source`, at its top folder, and the names of its filters.

    Filters (`filter.<name>.clean`: git-lfs, nbstripout) are programs too; here they are all
    switched off. Git reads a copy of the index: comparing files, it would write to the own one.

    Raises:
        GitError: no git, no repository, one that git does not trust, or one without a work tree.
    """
    deadline = time.monotonic() + seconds
    top = Path(Git(source, deadline).text("rev-parse", "--show-toplevel"))
    git = Git(top, deadline)
    form = ("config", "-z", "--name-only", "--get-regexp", r"^filter\.")
    keys = git.records(*form, accept=(0, 1))
    names = frozenset(key.removeprefix("filter.").rpartition(".")[0] for key in keys) - {""}
    if any("=" in name or "\n" in name for name in names):
        raise GitError(f"{top} has a filter whose name cannot be switched off: not looked into")
    off = tuple(
        f"filter.{name}.{setting}"
        for name in sorted(names)
        for setting in ("clean=", "smudge=", "process=", "required=false")
    )
    index = top / git.text("rev-parse", "--git-path", "index")
    try:
        with tempfile.TemporaryDirectory(prefix="stride-") as folder:
            copy = Path(folder) / "index"
            with contextlib.suppress(FileNotFoundError):  # none before the first `git add`
                _copy_index(index, copy)
            yield Git(top, deadline, off, copy), names
    except OSError as error:
        raise GitError(f"{index} cannot be copied: {error}") from error


def _copy_index(index: Path, copy: Path) -> None:
    """Copy the index and its time: a file changed since then git must read, not trust its size."""
    with index.open("rb") as source, copy.open("wb") as target:
        shutil.copyfileobj(source, target)
        times = os.fstat(source.fileno())
    os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))


def _environment(literal: bool, index: Path | None, protocols: str) -> dict[str, str]:
    """The environment without variables that point git elsewhere or have it run programs."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_")
        or name in _KEPT_VARIABLES
        or (name.startswith("GIT_CONFIG_") and name != "GIT_CONFIG_PARAMETERS")
    }
    return kept | {
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_LITERAL_PATHSPECS": "1" if literal else "0",
        **({} if index is None else {"GIT_INDEX_FILE": str(index)}),
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    # A process that waits for a dead file server cannot be ended: it is left behind, not waited
    # for.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=1.0)


def _first_line(complaint: bytes, status: int) -> str:
    lines = complaint.decode(errors="replace").strip().splitlines()
    return masked_text(lines[0]) if lines else f"exit status {status}"
