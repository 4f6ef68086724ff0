"""Code comparison: how the code of one run differs from that of another, file by file.

Where a repository has the commits, both codes are put together in a temporary repository (commit,
uncommitted changes, untracked files) and compared. Where none has, but the commits are the same,
the kept diffs themselves are compared.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from stride.errors import StoredFileError, UsageError
from stride.report.portrait import Portrait
from stride.store.provenance.code_patch import ChangedFile, read_changed_files, read_patch
from stride.store.provenance.diff_sections import (
    difference_of_texts,
    path_of_section,
    split_sections,
)
from stride.store.provenance.git import GIT_SECONDS, GitError
from stride.store.provenance.kept_files import shown
from stride.store.provenance.read import read_diff
from stride.store.provenance.rebuilt_code import RebuiltCode, kept_contents, rebuild_code
from stride.store.provenance.scratch_repository import (
    Objects,
    ScratchRepository,
    find_objects,
    open_scratch,
)
from stride.store.provenance.untracked import NO_SOURCE

_OF_EXPERIMENT: Final = "belongs to an experiment"
_NAMED: Final = 3
"""How many of the files that are not covered a note names."""


@dataclass(frozen=True)
class CodeDifference:
    """What leads from the code of one run to that of another.

    Attributes:
        first, second: addresses of the runs.
        files: that differ; None where that is not known, `reason` then says why.
        in_git: whether both are known, and were in a repository.
        of_diffs: whether the kept diffs were compared, not the files: a line of the patch is then a
            line that one of the diffs has and the other has not.
        patch: in git's format; empty unless it was asked for.
        notes: kept files that are not as they were kept, in sentences.
    """

    first: str
    second: str
    files: tuple[ChangedFile, ...] | None
    reason: str | None = None
    in_git: bool = True
    of_diffs: bool = False
    patch: bytes = b""
    notes: tuple[str, ...] = ()


def compare_code(
    portraits: Sequence[Portrait],
    *,
    repository: Path | None = None,
    patch: bool = False,
    binary: bool = True,
    seconds: float = GIT_SECONDS,
) -> list[CodeDifference]:
    """Compare the code of the first run with that of each other one.

    Args:
        repository: a folder in the repository that has the commits; else those that the runs
            recorded are asked, and the current folder.
        patch: whether the whole patch is wanted. binary: with the content of binary files.
        seconds: how long git may take in all.

    Raises:
        UsageError: `repository` is none.
    """
    with contextlib.ExitStack() as stack:
        repositories = _Repositories(stack, repository, portraits, seconds)
        if repository is not None:
            repositories.check()
        return [
            _compare(repositories, portraits[0], portrait, patch, binary)
            for portrait in portraits[1:]
        ]


class _Repositories:
    """The repositories that may have the commits, opened when first needed."""

    def __init__(
        self,
        stack: contextlib.ExitStack,
        given: Path | None,
        portraits: Sequence[Portrait],
        seconds: float,
    ) -> None:
        self._stack = stack
        self._given = given
        self._portraits = portraits
        self._seconds = seconds
        self._scratch: ScratchRepository | None = None
        self._rebuilt: dict[Path | None, RebuiltCode] = {}

    def check(self) -> None:
        try:
            find_objects(self._given or Path())
        except GitError as error:
            raise UsageError(f"--repository {self._given}: {error}") from error

    def scratch(self) -> ScratchRepository:
        """A temporary repository that sees the objects of all of them."""
        if self._scratch is None:
            self._scratch = self._stack.enter_context(open_scratch(self._objects(), self._seconds))
        return self._scratch

    def rebuilt(self, portrait: Portrait) -> RebuiltCode:
        """The code of a run as a tree, built once."""
        folder = portrait.provenance.code_folder
        if folder not in self._rebuilt:
            self._rebuilt[folder] = rebuild_code(self.scratch(), portrait.provenance)
        return self._rebuilt[folder]

    def _objects(self) -> list[Objects]:
        found: dict[Objects, None] = {}
        for folder in self._folders():
            with contextlib.suppress(GitError):
                found[find_objects(folder)] = None
        return list(found)

    def _folders(self) -> list[Path]:
        if self._given is not None:
            return [self._given]
        codes = [portrait.provenance.code for portrait in self._portraits]
        recorded = [code.repository for code in codes if code is not None and code.repository]
        return [*map(Path, dict.fromkeys(recorded)), Path()]


def _compare(
    repositories: _Repositories, first: Portrait, second: Portrait, patch: bool, binary: bool
) -> CodeDifference:
    addresses = first.row.run.address, second.row.run.address
    known = {
        portrait.row.run.address: portrait.provenance.code
        for portrait in (first, second)
        if portrait.provenance.code is not None
    }
    if len(known) < 2:
        unknown = " and ".join(address for address in addresses if address not in known)
        reason = f"the code of {unknown} is not known"
        return CodeDifference(*addresses, None, reason, in_git=False)
    codes = [known[address] for address in addresses]
    if codes[0].digest is not None and codes[0].digest == codes[1].digest:
        return CodeDifference(*addresses, ())
    outside = [a for a, c in zip(addresses, codes, strict=True) if c.repository is None]
    if outside:
        reason = f"the code of {' and '.join(outside)} was in no repository"
        return CodeDifference(*addresses, None, reason, in_git=False)
    try:
        trees = [repositories.rebuilt(portrait) for portrait in (first, second)]
        git = repositories.scratch().git
        without = sorted({p for portrait in (first, second) for p in _experiments(portrait)})
        return CodeDifference(
            *addresses,
            read_changed_files(git, trees[0].tree, trees[1].tree, without),
            patch=read_patch(git, trees[0].tree, trees[1].tree, without, binary=binary)
            if patch
            else b"",
            notes=tuple(_missing(addresses, trees)),
        )
    except (GitError, StoredFileError) as error:
        if codes[0].commit is None or codes[0].commit != codes[1].commit:
            hint = "; --repository DIR names one that has it" if "not at hand" in str(error) else ""
            return CodeDifference(*addresses, None, f"{error}{hint}")
        return _compare_diffs(first, second, patch, str(error))


def _compare_diffs(first: Portrait, second: Portrait, patch: bool, reason: str) -> CodeDifference:
    """Both started from the same commit: what the diffs and the kept files differ by."""
    addresses = first.row.run.address, second.row.run.address
    try:
        sections = _sections(first), _sections(second)
    except (StoredFileError, UsageError) as error:
        return CodeDifference(*addresses, None, str(error))
    contents = kept_contents(first.provenance), kept_contents(second.provenance)
    unchanged = {path: part for path, part in sections[1].items() if path not in sections[0]}
    both = {path: part for path, part in sections[1].items() if path in sections[0]}
    found = [
        *unchanged.items(),  # the first run had what is in the commit: the diff is the difference
        *difference_of_texts(sections[0], both, "difference of the diffs of"),
        *difference_of_texts(*contents, "untracked file"),
    ]
    files = tuple(ChangedFile(path, "changed", None, *_count(text)) for path, text in found)
    return CodeDifference(
        *addresses,
        files,
        reason,
        of_diffs=True,
        patch=b"".join(text for _, text in found) if patch else b"",
    )


def _sections(portrait: Portrait) -> dict[str, bytes]:
    return {path_of_section(part): part for part in split_sections(read_diff(portrait.provenance))}


def _count(text: bytes) -> tuple[int, int]:
    """Lines added and removed, below the heading of three lines and more."""
    lines = text[text.find(b"\n@@") :].split(b"\n")
    return sum(line[:1] == b"+" for line in lines), sum(line[:1] == b"-" for line in lines)


def _experiments(portrait: Portrait) -> Iterator[str]:
    """Paths in the repository that hold experiments, which are no code."""
    code, machine = portrait.provenance.code, portrait.provenance.machine
    if code is None or code.repository is None:
        return
    yield from (item.path for item in code.left_out if item.reason == _OF_EXPERIMENT)
    top, own = PurePosixPath(code.repository), PurePosixPath(portrait.row.run.work_dir)
    holds_code = machine is None or PurePosixPath(machine.folder).is_relative_to(own)
    if own != top and own.is_relative_to(top) and not holds_code:
        yield shown(str(own.relative_to(top)))


def _missing(addresses: Iterable[str], trees: Iterable[RebuiltCode]) -> Iterator[str]:
    for address, tree in zip(addresses, trees, strict=True):
        if tree.missing:
            yield f"not as it was kept, in {address}: {_some(tree.missing)}"


def not_covered(portraits: Iterable[Portrait]) -> Iterator[str]:
    """What was not kept of source files, by reason; the same in several runs is said once."""
    runs: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for portrait in portraits:
        code = portrait.provenance.code
        by_reason: dict[str, list[str]] = {}
        for item in () if code is None else code.left_out:
            if item.reason not in (NO_SOURCE, _OF_EXPERIMENT):
                by_reason.setdefault(item.reason, []).append(item.path)
        changed = [] if code is None else [m.path for m in code.submodules if m.changed]
        if changed:
            by_reason["is a submodule with changes of its own"] = changed
        for reason, paths in by_reason.items():
            runs.setdefault((reason, tuple(paths)), []).append(portrait.row.run.address)
    for (reason, left_out), addresses in runs.items():
        yield f"not covered, in {_some(addresses)}: {_some(left_out)} ({reason})"


def _some(paths: Sequence[str]) -> str:
    more = len(paths) - _NAMED
    return ", ".join(paths[:_NAMED]) + (f" and {more} more" if more > 0 else "")
