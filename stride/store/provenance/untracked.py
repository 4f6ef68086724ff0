"""Untracked files: source files that git neither tracks nor ignores."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Final

from stride.store.provenance.experiments import Experiments
from stride.store.provenance.git import Git
from stride.store.provenance.kept_files import Content, read_kept, shown
from stride.store.provenance.record import LeftOut

LOOKED_AT: Final = 20_000
"""How many untracked files and folders are looked at; what is beyond is not kept, and noted."""

_DEEPEST: Final = 50
"""Levels of folders that are entered; each costs a question to git."""

NO_SOURCE: Final = "is no source file"

_CODE: Final = re.compile(
    r"\.py|\.pyi|\.pyx|\.pxd|\.c|\.cc|\.cpp|\.cxx|\.cu|\.cuh|\.h|\.hh|\.hpp|\.rs|\.go|"
    r"\.jl|\.r|\.m|\.lua|\.sh|\.bash|\.zsh|\.ipynb|\.sql|\.proto|\.cmake|\.mk|\.triton|"
    r"\.metal"
)
_SETTINGS: Final = re.compile(
    r"\.json|\.jsonc|\.yaml|\.yml|\.toml|\.cfg|\.ini|\.conf|\.txt|\.md|\.rst|\.tex|\.in|"
    r"\.gin|\.jsonnet|\.libsonnet|\.lock|\.patch|\.diff|\.j2|\.jinja|\.sbatch|\.slurm|"
    r"\.pbs|\.env"
)
_NAMES: Final = re.compile(
    r"makefile|gnumakefile|dockerfile|containerfile|snakefile|justfile|license|readme|"
    r"pipfile|\.gitignore|\.gitattributes|\.python-version|\.flake8|\.pylintrc|"
    r"\.editorconfig|\.dockerignore"
)


class Untracked:
    """What was found beside the tracked files.

    Attributes:
        kept: the source files, with their content; code before settings, shallow before deep.
        left_out: the files that are not kept.
        places: folders that were not looked into: experiments, other repositories, what is beyond
            the limit.
        lost_source: whether a source file is among the left out.
        notes: what could not be looked at.
    """

    def __init__(self, git: Git, experiments: Experiments) -> None:
        """Look for them.

        Raises:
            GitError: git refused or took too long.
        """
        self.notes: list[str] = []
        self._git = git
        self._experiments = experiments
        self.places: dict[str, LeftOut] = {}
        self._looked_at = 0
        files = self._find() if self._may_look() else []
        source = [path for path in files if is_source(path)]
        source.sort(key=lambda path: (_kind(path), path.count("/"), path))
        self.kept: list[Content]
        self.kept, lost = read_kept(git.folder, source, tracked=False)
        self.lost_source = bool(lost or self.notes)
        other = [LeftOut(shown(p), NO_SOURCE) for p in sorted(files) if not is_source(p)]
        self.left_out = [*lost, *other]

    def _may_look(self) -> bool:
        """Not where a whole home folder is a repository: there the untracked files are no code."""
        setting = self._git.text("config", "--get", "status.showUntrackedFiles", accept=(0, 1))
        if setting.lower() in ("no", "false", "off", "0"):
            self.notes.append("untracked files are not kept: status.showUntrackedFiles is off")
        elif self._git.folder == Path.home():
            self.notes.append("untracked files are not kept: the repository is the home folder")
        return not self.notes

    def _find(self) -> list[str]:
        # With --directory git does not enter folders that hold nothing tracked: a folder with a
        # million files costs one line. They are entered below, a level at a time, and only so far.
        entries = self._git.records(
            "ls-files", "--others", "--exclude-standard", "--directory", "-z"
        )
        files, folders = self._code_among(entries)
        for _ in range(_DEEPEST):
            if not folders:
                break
            entries = [entry for folder in folders for entry in self._entries(folder)]
            new_files, folders = self._code_among(self._not_ignored(entries))
            files += new_files
        for folder in folders:
            self._stop_at(folder)
        return files

    def _code_among(self, entries: list[str]) -> tuple[list[str], list[str]]:
        """Files and folders among git's entries (a folder ends with `/`), experiments left out."""
        files: list[str] = []
        folders: list[str] = []
        for entry in entries:
            path = entry.rstrip("/")
            is_folder = path != entry
            find_holder = (
                self._experiments.holder_of_folder if is_folder else self._experiments.holder
            )
            if holder := find_holder(path):
                self.places[holder] = LeftOut(shown(holder), "belongs to an experiment")
            else:
                (folders if is_folder else files).append(path)
        return files, folders

    def _entries(self, folder: str) -> list[str]:
        if self._looked_at >= LOOKED_AT:
            self._stop_at(folder)
            return []
        found: list[str] = []
        try:
            with os.scandir(self._git.folder / folder) as entries:
                for entry in entries:
                    if entry.name == ".git":
                        self.places[folder] = LeftOut(shown(folder), "is another repository")
                        return []
                    if self._looked_at >= LOOKED_AT:
                        self._stop_at(folder)
                        break
                    self._looked_at += 1
                    path = f"{folder}/{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        found.append(path + "/")
                    elif entry.is_file(follow_symlinks=False) or entry.is_symlink():
                        found.append(path)
        except OSError as error:
            self.places[folder] = LeftOut(shown(folder), f"cannot be read: {error.strerror}")
        return found

    def _stop_at(self, folder: str) -> None:
        self.places[folder] = LeftOut(shown(folder), "was not looked into, or not wholly")
        note = (
            f"more than {LOOKED_AT} untracked files, or {_DEEPEST} levels: not all were looked at"
        )
        if note not in self.notes:
            self.notes.append(note)

    def _not_ignored(self, entries: list[str]) -> list[str]:
        if not entries:
            return []
        # `./` keeps a name that begins with a colon from being read as something else.
        feed = b"".join(os.fsencode(f"./{entry}") + b"\0" for entry in entries)
        ignored = set(
            self._git.records(
                "check-ignore", "-z", "--stdin", feed=feed, accept=(0, 1), literal=False
            )
        )
        return [entry for entry in entries if f"./{entry}" not in ignored]


def is_source(path: str) -> bool:
    """Whether a file is code, or settings or notes that go with code, by its name."""
    pure = PurePosixPath(path.lower())
    if pure.name.startswith(".env"):
        return True  # never kept, but to be listed as what was left out
    return bool(
        _CODE.fullmatch(pure.suffix)
        or _SETTINGS.fullmatch(pure.suffix)
        or _NAMES.fullmatch(pure.name)
    )


def _kind(path: str) -> int:
    return 0 if _CODE.fullmatch(PurePosixPath(path.lower()).suffix) else 1
