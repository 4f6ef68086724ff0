"""Changes: how the tracked files differ from the commit, as a diff that `git apply` takes."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from stride.store.provenance.diff_sections import path_of_section, split_sections
from stride.store.provenance.experiments import Experiments
from stride.store.provenance.git import Git
from stride.store.provenance.kept_files import (
    HOLDS_SECRET,
    LOOKS_SECRET,
    Content,
    read_kept,
    shown,
)
from stride.store.provenance.record import LeftOut
from stride.store.provenance.secret_content import content_looks_secret
from stride.store.provenance.secrets import path_looks_secret

LARGEST_CHANGED_FILE: Final = 8 << 20
"""Bytes of the largest file, before or after, whose change is kept."""

CHANGED_BYTES: Final = 32 << 20
"""Bytes that all changed files, before and after, may have together for the diff to hold them."""

_FORM: Final = (
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=all",
    "--no-color",
    "-O/dev/null",
)
_PATCH: Final = (
    "--patch",
    "--binary",
    "--full-index",
    "--unified=3",
    "--inter-hunk-context=0",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
_ARGUMENT_BYTES: Final = 60_000


class Change(NamedTuple):
    """A tracked file that is not as in the commit; `before` is its object there, None if new."""

    path: str
    before: str | None
    is_deleted: bool


class Changes:
    """What the tracked files differ by, experiments left out.

    Attributes:
        all: every change.
        diff: of those that are kept, in git's own format, binary files included.
        kept: files that a git filter handles (git-lfs, nbstripout): kept whole, as they are on the
            disk, since their diff cannot be made without running the filter.
        left_out: changes that neither holds.
        experiments: of which changes were passed over.
    """

    def __init__(
        self, git: Git, base: str, filters: frozenset[str], experiments: Experiments
    ) -> None:
        """Compare the work tree with the tree or commit `base`.

        Raises:
            GitError: git refused or took too long.
        """
        self.experiments: dict[str, LeftOut] = {}
        self.all: list[Change] = []
        for change in _read_changes(git, base):
            if holder := experiments.holder(change.path):
                self.experiments[holder] = LeftOut(shown(holder), "belongs to an experiment")
            else:
                self.all.append(change)
        filtered = _filtered(git, self.all, filters)
        self.kept: list[Content]
        self.kept, self.left_out = read_kept(git.folder, sorted(filtered), tracked=True)
        sized = {c.path: c for c in self.all if c.path not in filtered}
        self._leave_out(
            sized, [p for p in sized if path_looks_secret(p, tracked=True)], LOOKS_SECRET
        )
        self._leave_out(sized, _too_large(git, sized.values()), "is too large for the diff")
        self._leave_out(sized, _hiding(sized, self.all), "became a folder that holds such a file")
        self.diff = self._read_diff(git, base, sized)

    def _leave_out(self, changes: dict[str, Change], paths: list[str], reason: str) -> None:
        for path in paths:
            del changes[path]
            self.left_out.append(LeftOut(shown(path), reason))

    def _read_diff(self, git: Git, base: str, changes: dict[str, Change]) -> bytes:
        if not changes:
            return b""
        whole = len(changes) == len(self.all) and not self.experiments
        diff = b"".join(
            git.run("diff", *_FORM, *_PATCH, base, "--", *([] if whole else paths))
            for paths in ([[]] if whole else _chunks(list(changes)))
        )
        if not content_looks_secret(diff):
            return diff
        kept = []
        for section in split_sections(diff):
            if content_looks_secret(section):
                self.left_out.append(LeftOut(path_of_section(section), HOLDS_SECRET))
            else:
                kept.append(section)
        return b"".join(kept)


def _read_changes(git: Git, base: str) -> Iterator[Change]:
    records = iter(git.records("diff", *_FORM, "--raw", "--no-abbrev", "-z", base))
    for head, path in zip(records, records, strict=True):
        _, _, before, _, status = head.split(" ")
        yield Change(path, None if status == "A" else before, status == "D")


def _filtered(git: Git, changes: list[Change], filters: frozenset[str]) -> set[str]:
    """Paths of the changes that one of the filters handles; deletions need none."""
    if not filters or not changes:
        return set()
    feed = b"".join(os.fsencode(c.path) + b"\0" for c in changes if not c.is_deleted)
    records = iter(git.records("check-attr", "-z", "--stdin", "filter", feed=feed))
    return {
        path for path, _, value in zip(records, records, records, strict=True) if value in filters
    }


def _too_large(git: Git, changes: Iterable[Change]) -> list[str]:
    """Paths whose change is too large, or too large beside the smaller ones."""
    changes = list(changes)
    objects = [c.before for c in changes if c.before is not None]
    feed = "".join(f"{name}\n" for name in objects).encode()
    answers = git.run("cat-file", "--batch-check=%(objectsize)", feed=feed) if feed else b""
    before = dict(zip(objects, answers.decode().splitlines(), strict=True))
    sizes: list[tuple[int, str]] = []
    for change in changes:
        size = before.get(change.before, "0") if change.before else "0"
        # "missing": in a partial clone; there git could not make the diff.
        old = int(size) if size.isdigit() else LARGEST_CHANGED_FILE + 1
        new = 0
        if not change.is_deleted:
            try:
                new = (git.folder / change.path).lstat().st_size
            except OSError:
                new = 0  # gone meanwhile
        sizes.append((max(old, new), change.path))
    sizes.sort()
    totals = itertools.accumulate(size for size, _ in sizes)
    return [
        path
        for (size, path), total in zip(sizes, totals, strict=True)
        if size > LARGEST_CHANGED_FILE or total > CHANGED_BYTES
    ]


def _hiding(changes: dict[str, Change], every: list[Change]) -> list[str]:
    """Paths that, given to git, would stand for files below them that are left out."""
    parents = {
        str(parent)
        for change in every
        if change.path not in changes
        for parent in PurePosixPath(change.path).parents
    }
    return [path for path in changes if path in parents]


def _chunks(paths: list[str]) -> Iterator[list[str]]:
    """Paths in portions that fit on a command line."""
    chunk: list[str] = []
    length = 0
    for path in paths:
        if chunk and length + len(path) > _ARGUMENT_BYTES:
            yield chunk
            chunk, length = [], 0
        chunk.append(path)
        length += len(path) + 1
    if chunk:
        yield chunk
