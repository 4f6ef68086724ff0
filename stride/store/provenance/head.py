"""Head: the commit that a repository is at, its branch, its remote, and its submodules."""

from __future__ import annotations

import time
from typing import Final, NamedTuple

from stride.store.provenance.git import Git, GitError, open_repository
from stride.store.provenance.kept_files import shown
from stride.store.provenance.record import Remote, Submodule
from stride.store.provenance.secrets import masked_address

_SUBMODULES: Final = 50
GITLINK: Final = "160000"
"""The mode of a submodule in a commit's tree."""


class Entry(NamedTuple):
    """A line of a commit's tree: mode, object and path of a file."""

    mode: str
    name: str
    path: str


def read_commit(git: Git) -> str | None:
    """The full name of the commit that is checked out; None before the first.

    Raises:
        GitError: git refused or took too long.
    """
    return git.text("rev-parse", "--verify", "--quiet", "HEAD^{commit}", accept=(0, 1)) or None


def read_branch(git: Git) -> str | None:
    """The branch that is checked out; None where a commit is.

    Raises:
        GitError: git refused or took too long.
    """
    return git.text("symbolic-ref", "--quiet", "--short", "HEAD", accept=(0, 1)) or None


def read_remote(git: Git, branch: str | None) -> Remote | None:
    """The remote that the branch follows, else `origin`, else the first one.

    Raises:
        GitError: git refused or took too long.
    """
    settings = git.records(
        "config", "-z", "--get-regexp", r"^(remote\..*\.url|branch\..*\.remote)$", accept=(0, 1)
    )
    pairs = [setting.partition("\n")[::2] for setting in settings]
    urls = {
        key.removeprefix("remote.").removesuffix(".url"): value
        for key, value in reversed(pairs)  # of several addresses git fetches from the first
        if key.startswith("remote.")
    }
    followed = [value for key, value in pairs if key == f"branch.{branch}.remote"]
    for name in (*followed, "origin", *reversed(urls)):
        if name in urls:
            return Remote(shown(masked_address(name)), shown(masked_address(urls[name])))
    return None


def is_pushed(git: Git, commit: str) -> bool:
    """Whether a branch of a remote holds the commit, as far as was last fetched.

    Raises:
        GitError: git refused or took too long.
    """
    form = ("--count=1", f"--contains={commit}", "--format=%(refname)")
    return bool(git.text("for-each-ref", *form, "refs/remotes"))


def read_tree(git: Git, commit: str | None) -> list[Entry]:
    """Every file of the commit, submodules included.

    Raises:
        GitError: git refused or took too long.
    """
    if commit is None:
        return []
    entries = []
    for record in git.records("ls-tree", "-r", "-z", "--full-tree", commit):
        head, _, path = record.partition("\t")
        mode, _, name = head.split(" ")
        entries.append(Entry(mode, name, path))
    return entries


def read_submodules(git: Git, tree: list[Entry]) -> tuple[Submodule, ...]:
    """The submodules of the commit, each with the commit that is checked out in it."""
    gitlinks = [entry for entry in tree if entry.mode == GITLINK]
    return tuple(_read_submodule(git, entry) for entry in gitlinks[:_SUBMODULES])


def _read_submodule(git: Git, entry: Entry) -> Submodule:
    folder = git.folder / entry.path
    if not (folder / ".git").exists():  # git would answer for the outer repository
        return Submodule(shown(entry.path), entry.name, None)
    try:
        form = ("--name-only", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "-z")
        with open_repository(folder, git.deadline - time.monotonic()) as (inner, _):
            changed = bool(inner.records("diff", *form, "HEAD"))
            return Submodule(shown(entry.path), entry.name, read_commit(inner), changed)
    except GitError:
        return Submodule(shown(entry.path), entry.name, None, changed=True)


def count_hidden(git: Git) -> int:
    """How many tracked files git was told to take for unchanged (`--assume-unchanged`).

    Raises:
        GitError: git refused or took too long.
    """
    return sum(record[:1].islower() for record in git.records("ls-files", "-v", "-z"))
