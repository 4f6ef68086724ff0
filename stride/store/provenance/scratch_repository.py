"""A scratch repository: a temporary place to build trees in, which sees the objects of others.

It has a config, an index and objects of its own, so that nothing of the repositories whose objects
it reads is used but those objects: no config, no hook, no filter, no attribute; nor is anything
written there. What it builds is gone when it is left.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stride.store.provenance.git import GIT_SECONDS, Git, GitError

OBJECT_NAME: Final = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
"""A full name of a commit, tree or file. What a run folder says is one is looked at first: a text
that begins with a dash would be an option of git."""

_SETTINGS: Final = (
    "apply.whitespace=nowarn",
    "apply.ignoreWhitespace=no",
    f"core.attributesFile={os.devnull}",
    "core.autocrlf=false",
    "core.quotePath=false",
    "core.useReplaceRefs=false",
    "diff.external=",
)


@dataclass(frozen=True)
class Objects:
    """The objects of a repository: their folder, and by which algorithm they are named."""

    folder: Path
    algorithm: str


class ScratchRepository:
    """The repository; see `open_scratch`."""

    def __init__(self, folder: Path, deadline: float) -> None:
        self._folder = folder
        self._deadline = deadline
        self._indices = 0
        self.git = Git(folder, deadline, _SETTINGS)
        """Without an index that means anything."""

    def with_index(self) -> Git:
        """Git with an empty index of its own."""
        self._indices += 1
        index = self._folder / f"index-{self._indices}"
        return Git(self._folder, self._deadline, _SETTINGS, index)

    def has_commit(self, commit: str) -> bool:
        """Whether the objects of a commit are at hand, as far as its tree."""
        if not OBJECT_NAME.fullmatch(commit):
            return False
        name = self.git.run("cat-file", "-t", f"{commit}^{{tree}}", accept=(0, 128))
        return name == b"tree\n"


@contextlib.contextmanager
def open_scratch(
    objects: Iterable[Objects] = (), seconds: float = GIT_SECONDS
) -> Iterator[ScratchRepository]:
    """A new repository that sees these objects; those named otherwise than the first are passed by.

    Args:
        seconds: how long git may take in all.

    Raises:
        GitError: git is not there, or no folder can be made for it.
    """
    found = list(objects)
    algorithm = found[0].algorithm if found else "sha1"
    deadline = time.monotonic() + seconds
    try:
        with tempfile.TemporaryDirectory(prefix="stride-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            Git(folder, deadline).run(
                "init", "--quiet", "--template=", f"--object-format={algorithm}"
            )
            seen = [os.fsencode(o.folder) + b"\n" for o in found if o.algorithm == algorithm]
            information = folder / ".git" / "objects" / "info"
            information.mkdir(exist_ok=True)
            (information / "alternates").write_bytes(b"".join(seen))
            yield ScratchRepository(folder, deadline)
    except OSError as error:
        raise GitError(f"a temporary repository cannot be made: {error}") from error


def find_objects(folder: Path, seconds: float = GIT_SECONDS) -> Objects:
    """The objects of the repository around a folder.

    Raises:
        GitError: no git, no repository, or one that git does not trust.
    """
    git = Git(folder, time.monotonic() + seconds)
    path = os.path.realpath(folder / git.text("rev-parse", "--git-path", "objects"))
    if "\n" in path:
        raise GitError(f"{folder} has a path that git cannot be told")
    return Objects(Path(path), git.text("rev-parse", "--show-object-format"))
