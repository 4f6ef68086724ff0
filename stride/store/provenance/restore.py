"""Restoring the code of a run: commit, diff and kept files, in a fresh folder.

It is offline, unless the address of a repository was named; nothing of a repository but its objects
is used, and nothing is executed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stride.errors import RunStateError, UsageError
from stride.files import sha256_of
from stride.store.provenance.code_writer import CodeWriter, fresh_folder, leads_out, read_written
from stride.store.provenance.experiments import Experiments, is_experiment
from stride.store.provenance.fetched_commit import fetch_commit, is_address
from stride.store.provenance.git import Git, GitError
from stride.store.provenance.head import GITLINK, Entry, read_tree
from stride.store.provenance.kept_files import LOOKS_SECRET, shown
from stride.store.provenance.read import read_provenance
from stride.store.provenance.rebuilt_code import rebuild_code
from stride.store.provenance.record import CodeState, LeftOut, Provenance, Submodule
from stride.store.provenance.scratch_repository import (
    Objects,
    ScratchRepository,
    find_objects,
    open_scratch,
)
from stride.store.provenance.tree_contents import read_contents
from stride.store.provenance.untracked import NO_SOURCE
from stride.store.run import Run

SECONDS: Final = 600.0
"""How long git may take in all."""

_LINK: Final = "120000"
_OF_EXPERIMENT: Final = "belongs to an experiment"
_POINTER: Final = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True)
class RestoredCode:
    """Code that was restored.

    Attributes:
        target: the folder.
        attempt: the attempt of the run that it was the code of.
        files: how many there are.
        digest_holds: whether what lies in the folder has the recorded digest; None where none was
            recorded.
        left_out: what the run does not keep, secrets among it, and files that are no source.
        missing: kept files that are not there any more, or not as they were kept.
        submodules: that are to be cloned by hand.
        links_out: symbolic links that lead out of the folder.
        pointers: files whose content a filter (git-lfs) keeps elsewhere.
    """

    target: Path
    attempt: int
    commit: str | None
    files: int
    digest_holds: bool | None
    left_out: tuple[LeftOut, ...]
    missing: tuple[str, ...]
    submodules: tuple[Submodule, ...]
    links_out: tuple[str, ...]
    pointers: tuple[str, ...]


def restore_code(
    run: Run, target: Path, *, attempt: int | None = None, repository: str | None = None
) -> RestoredCode:
    """Write the code of an attempt into a folder that is new or empty.

    Args:
        attempt: of the run; the newest unless given.
        repository: a folder with a clone, or its address; else the repository that was recorded.

    Raises:
        RunStateError: the run has no such attempt, or its code was not recorded.
        UsageError: the folder has content, or no repository has the commit; nothing is changed.
        StoredFileError: a name leads out of the folder; nothing is left in it.
        StorageError: the disk refused; nothing is left.
    """
    attempt, provenance, state = _recorded(run, attempt)
    _check_target(target)
    try:
        with open_scratch(_objects(state, repository), SECONDS) as scratch:
            _find_commit(scratch, run, state, repository)
            rebuilt = rebuild_code(scratch, provenance)
            tree = read_tree(scratch.git, rebuilt.tree)
            with fresh_folder(target) as writer:
                pointers = _write(scratch.git, tree, writer)
                written = [*read_written(target.resolve(), _algorithm(state))]
                holds = None
                if state.digest is not None:
                    links = [entry for entry in tree if entry.mode == GITLINK]
                    holds = _digest(run, state, target, [*written, *links]) == state.digest
            out = tuple(_links(scratch.git, tree))
    except GitError as error:
        raise UsageError(f"the code of {run.address} cannot be put together: {error}") from error
    return RestoredCode(
        target=target,
        attempt=attempt,
        commit=state.commit,
        files=len(written),
        digest_holds=holds,
        left_out=tuple(each for each in state.left_out if _is_code(each)),
        missing=rebuilt.missing,
        submodules=state.submodules,
        links_out=out,
        pointers=tuple(pointers),
    )


def _recorded(run: Run, attempt: int | None) -> tuple[int, Provenance, CodeState]:
    """What is known of the code of an attempt.

    Raises:
        RunStateError: nothing, or not enough.
    """
    attempts = len(run.read_record().attempts)
    if attempt is not None and not 1 <= attempt <= attempts:
        had = "1 attempt" if attempts == 1 else f"{attempts} attempts"
        raise RunStateError(f"{run.address} has had {had}, and no attempt {attempt}")
    provenance = read_provenance(run, attempt)
    state = provenance.code
    if state is None:
        raise RunStateError(f"nothing is recorded of the code of {run.address}")
    if state.repository is None:
        why = f": {state.notes[0]}" if state.notes else ""
        raise RunStateError(f"the code of {run.address} was in no repository{why}")
    return attempt or attempts, provenance, state


def _check_target(target: Path) -> None:
    for folder in (target.absolute(), *target.absolute().parents):
        if is_experiment(folder):
            raise UsageError(
                f"{target} lies inside the experiment {folder}, where code is never run: name"
                " another folder"
            )


def _objects(state: CodeState, repository: str | None) -> list[Objects]:
    """The objects of a repository on this machine.

    Raises:
        UsageError: the one that was named is none.
    """
    if repository is None:
        with contextlib.suppress(GitError):
            return [find_objects(Path(state.repository or "."))]
        return []
    if is_address(repository):
        return []
    folder = Path(repository).expanduser()
    try:
        return [find_objects(folder)]
    except GitError as error:
        raise UsageError(f"--repository {repository}: {error}") from error


def _algorithm(state: CodeState) -> str:
    return "sha256" if state.commit is not None and len(state.commit) == 64 else "sha1"


def _find_commit(
    scratch: ScratchRepository, run: Run, state: CodeState, repository: str | None
) -> None:
    """Have the commit at hand.

    Raises:
        UsageError: it is nowhere; the sentence says what to do.
    """
    if state.commit is None or scratch.has_commit(state.commit):
        return
    short = state.commit[:12]
    if repository is not None and is_address(repository):
        try:
            fetch_commit(scratch, repository, state.commit, SECONDS)
        except GitError as error:
            raise UsageError(f"--repository: the commit {short} cannot be had: {error}") from error
        if scratch.has_commit(state.commit):
            return
    where = "there" if repository is not None else f"in {state.repository}"
    remote = "" if state.remote is None else f"; it was cloned from {state.remote.url}"
    raise UsageError(
        f"the commit {short} of {run.address} is not {where}: name a clone that has it with"
        f" --repository DIR|URL{remote}"
    )


def _write(git: Git, tree: list[Entry], writer: CodeWriter) -> list[str]:
    """Write all files, symbolic links last; gives those that are pointers of git-lfs."""
    pointers = []
    ordered = sorted((entry for entry in tree if entry.mode != GITLINK), key=_links_last)
    for entry, content in read_contents(git, ordered):
        writer.write(entry.path, entry.mode, content)
        if content.startswith(_POINTER):
            pointers.append(shown(entry.path))
    return pointers


def _links_last(entry: Entry) -> bool:
    return entry.mode == _LINK


def _links(git: Git, tree: list[Entry]) -> Iterator[str]:
    """The symbolic links that lead out of the code, with where to."""
    links = [entry for entry in tree if entry.mode == _LINK]
    for entry, content in read_contents(git, links):
        if leads_out(entry.path, os.fsdecode(content)):
            yield f"{shown(entry.path)} -> {shown(os.fsdecode(content))}"


def _digest(run: Run, state: CodeState, target: Path, entries: Iterable[Entry]) -> str:
    """The digest of the files as `digest_of_code` takes it: without experiments; of a secret that
    was left out only that it is there."""
    top = target.resolve()
    own = _within(top, run.work_dir, state)
    experiments = Experiments(top, own, top)
    held = tuple(each.path for each in state.left_out if each.reason == _OF_EXPERIMENT)
    secret = {each.path for each in state.left_out if each.reason == LOOKS_SECRET}
    lines = []
    for entry in entries:
        path = shown(entry.path)
        if experiments.holder(entry.path) or path.startswith(tuple(f"{h}/" for h in held)):
            continue
        if path in held:
            continue
        name = "secret" if path in secret else entry.name
        lines.append(os.fsencode(entry.path) + f"\0{entry.mode} {name}\0".encode())
    return sha256_of(b"".join(sorted(lines)))


def _within(top: Path, work_dir: Path, state: CodeState) -> Path:
    """Where the experiment of the run would lie in the restored folder."""
    repository = Path(state.repository or os.devnull)
    if work_dir.is_relative_to(repository):
        return top / work_dir.relative_to(repository)
    return work_dir


def _is_code(left_out: LeftOut) -> bool:
    return left_out.reason not in (NO_SOURCE, _OF_EXPERIMENT)
