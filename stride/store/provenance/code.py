"""Code: the state of the files that an attempt was started from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from stride.store.provenance.changes import Changes
from stride.store.provenance.digest import digest_of_code
from stride.store.provenance.experiments import Experiments
from stride.store.provenance.git import GIT_SECONDS, Git, GitError, open_repository
from stride.store.provenance.head import (
    Entry,
    count_hidden,
    is_pushed,
    read_branch,
    read_commit,
    read_remote,
    read_submodules,
    read_tree,
)
from stride.store.provenance.kept_files import Content, shown
from stride.store.provenance.record import FORMAT, CodeState
from stride.store.provenance.untracked import NO_SOURCE, Untracked

LISTED: Final = 200
"""How many of the left-out files code.json lists; the count is of all."""


_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class TakenCode:
    """The state of the code, with the diff and the kept files in memory."""

    state: CodeState
    diff: bytes = b""
    files: tuple[Content, ...] = field(default=(), repr=False)


def take_code(source: Path, experiment: Path, *, seconds: float = GIT_SECONDS) -> TakenCode:
    """Read the state of the repository around `source`; what cannot be read becomes a note.

    Args:
        source: a folder with the code, as a rule the working folder.
        experiment: the experiment of the attempt, none of which is ever included.
        seconds: how long git may take in all.
    """
    try:
        with open_repository(source, seconds) as (git, filters):
            return _take(git, filters, Experiments(git.folder, experiment, source))
    except GitError as error:
        return TakenCode(CodeState(FORMAT, None, notes=(str(error),)))


def _take(git: Git, filters: frozenset[str], experiments: Experiments) -> TakenCode:
    notes: list[str] = []
    state, tree = _read_head(git, notes)
    if tree is None:
        return TakenCode(msgspec.structs.replace(state, notes=tuple(notes)))
    try:
        taken = _read_files(git, state, notes, tree, filters, experiments)
    except GitError as error:
        notes.append(str(error))
        taken = TakenCode(state)
    return replace(taken, state=_read_rest(git, taken.state, notes))


def _read_head(git: Git, notes: list[str]) -> tuple[CodeState, list[Entry] | None]:
    """What is known without looking at files, and the tree of the commit; None if that fails."""
    state = CodeState(FORMAT, shown(str(git.folder)))
    try:
        commit = read_commit(git)
        branch = read_branch(git)
        tree = read_tree(git, commit)
    except GitError as error:
        notes.append(str(error))
        return state, None
    if commit is None:
        notes.append("the repository has no commit yet")
    remote = _answer(lambda: read_remote(git, branch), notes)
    state = msgspec.structs.replace(
        state,
        commit=commit,
        branch=shown(branch) if branch else None,
        remote=remote,
        submodules=read_submodules(git, tree),
    )
    if not _is_as_recorded(state):
        notes.append("a submodule is not at the commit that is recorded for it, or was changed")
    return state, tree


def _read_rest(git: Git, state: CodeState, notes: list[str]) -> CodeState:
    """What is good to know; asked last, since in a large repository it may take long."""
    if hidden := _answer(lambda: count_hidden(git), notes):
        notes.append(f"git takes {hidden} files for unchanged (--assume-unchanged): not compared")
    pushed = None
    if state.commit is not None and state.remote is not None:
        commit = state.commit
        pushed = _answer(lambda: is_pushed(git, commit), notes)
    if pushed is False:
        notes.append("the commit is on no branch of a remote: only this repository has it")
    return msgspec.structs.replace(state, pushed=pushed, notes=tuple(notes))


def _answer(question: Callable[[], _Answer], notes: list[str]) -> _Answer | None:
    try:
        return question()
    except GitError as error:
        notes.append(str(error))
        return None


def _is_as_recorded(state: CodeState) -> bool:
    return all(m.commit in (None, m.recorded) and not m.changed for m in state.submodules)


def _read_files(
    git: Git,
    state: CodeState,
    notes: list[str],
    tree: list[Entry],
    filters: frozenset[str],
    experiments: Experiments,
) -> TakenCode:
    base = state.commit or git.text("hash-object", "-t", "tree", "--stdin")
    changes = Changes(git, base, filters, experiments)
    state = msgspec.structs.replace(state, dirty=bool(changes.all), changed=len(changes.all))
    kept = list(changes.kept)
    left_out = list(changes.left_out)
    places = dict(changes.experiments)
    complete = not left_out and _is_as_recorded(state)
    digest = None
    try:
        untracked = Untracked(git, experiments)
    except GitError as error:
        notes.append(f"untracked files are not kept: {error}")
        complete = False
    else:
        kept += untracked.kept
        left_out += untracked.left_out
        places |= untracked.places
        notes += untracked.notes
        complete = complete and not untracked.lost_source
        algorithm = "sha1" if len(base) == 40 else "sha256"
        digest = digest_of_code(
            git.folder,
            tree,
            changes.all,
            untracked.kept,
            state.submodules,
            experiments,
            algorithm,
        )
    left_out += places.values()
    left_out.sort(key=lambda item: item.reason == NO_SOURCE)
    state = msgspec.structs.replace(
        state,
        digest=digest,
        complete=complete,
        files=tuple(content.describe() for content in kept),
        left_out=tuple(left_out[:LISTED]),
        left_out_count=len(left_out),
    )
    return TakenCode(state, changes.diff, tuple(kept))
