"""Rebuilt code: commit, diff and kept files of a run put together again, as a tree of git."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stride.errors import StrideError
from stride.files import read_content, sha256_of
from stride.store.provenance.folder import ProvenanceFolder
from stride.store.provenance.git import Git, GitError
from stride.store.provenance.head import GITLINK, read_tree
from stride.store.provenance.kept_files import shown
from stride.store.provenance.read import read_diff
from stride.store.provenance.record import CodeState, KeptFile, Provenance
from stride.store.provenance.scratch_repository import OBJECT_NAME, ScratchRepository

_FILE: Final = "100644"
_PROGRAM: Final = "100755"
_LINK: Final = "120000"
_ONE_BY_ONE: Final = 5


@dataclass(frozen=True)
class RebuiltCode:
    """A tree in a scratch repository.

    Attributes:
        tree: its object name.
        matches_digest: whether it has the digest that was taken of the code. It need not, though
            all is well: secrets and experiments are no part of one of the two.
        missing: kept files that are not there, not as they were kept, or at no place in a tree.
    """

    tree: str
    matches_digest: bool
    missing: tuple[str, ...] = ()


def rebuild_code(scratch: ScratchRepository, provenance: Provenance) -> RebuiltCode:
    """Build the tree.

    Args:
        scratch: a repository that sees the objects of the commit.
        provenance: of an attempt, with code.

    Raises:
        GitError: the commit is not at hand, or the diff does not fit it.
        StoredFileError, StorageError: the diff cannot be read.
    """
    state = provenance.code
    if state is None:
        raise GitError("the state of the code is not recorded")
    git = scratch.with_index()
    if state.commit is None:
        git.run("read-tree", "--empty")
    elif scratch.has_commit(state.commit):
        git.run("read-tree", state.commit)
    else:
        raise GitError(f"the commit {state.commit[:12]} is not at hand")
    if diff := read_diff(provenance):
        git.run("apply", "--cached", "--whitespace=nowarn", "-p1", feed=diff)
    entries, missing = _kept_entries(git, provenance, state)
    entries += _submodule_entries(git, state)
    if entries:
        git.run("update-index", "-z", "--add", "--replace", "--index-info", feed=b"".join(entries))
    tree = git.text("write-tree", "--missing-ok")
    return RebuiltCode(tree, _digest_of(git, tree) == state.digest, tuple(missing))


def kept_contents(provenance: Provenance) -> dict[str, bytes]:
    """The kept files that are there, links aside, by path as code.json has it."""
    found = {}
    for path, file in _files_in(provenance):
        with contextlib.suppress(StrideError, OSError):
            found[path] = read_content(file)
    return found


def _kept_entries(
    git: Git, provenance: Provenance, state: CodeState
) -> tuple[list[bytes], list[str]]:
    """Lines for `git update-index --index-info`, and the files that cannot be given back."""
    files = dict(_files_in(provenance))
    top = ProvenanceFolder(provenance.code_folder or Path()).untracked_path
    contents: list[bytes] = []
    modes_and_paths: list[tuple[str, bytes]] = []
    missing: list[str] = []
    for kept in state.files:
        content = _content(kept, files.get(kept.path))
        if content is None or not _stays_inside(kept.path):
            missing.append(kept.path)
            continue
        # On the disk the path has the bytes that it had; code.json writes those out.
        path = files[kept.path].relative_to(top) if kept.path in files else kept.path
        mode = _LINK if kept.link is not None else _PROGRAM if kept.executable else _FILE
        contents.append(content)
        modes_and_paths.append((mode, os.fsencode(path)))
    names = _write_objects(git, contents)
    return [
        mode.encode() + b" " + name + b"\t" + path + b"\0"
        for name, (mode, path) in zip(names, modes_and_paths, strict=True)
    ], missing


def _stays_inside(path: str) -> bool:
    """Whether a path is one that git would keep; others it passes over without a word."""
    parts = path.lower().split("/")
    return "\0" not in path and not {"", ".", "..", ".git"} & {*parts}


def _write_objects(git: Git, contents: list[bytes]) -> list[bytes]:
    """Store files, and give the names of the objects; few questions to git for many files."""
    if len(contents) <= _ONE_BY_ONE:
        form = ("hash-object", "-w", "--no-filters", "--stdin")
        return [git.run(*form, feed=content).strip() for content in contents]
    with tempfile.TemporaryDirectory(prefix="stride-") as folder:
        paths = [Path(folder, str(number)) for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        feed = b"".join(os.fsencode(path) + b"\n" for path in paths)
        form = ("hash-object", "-w", "--no-filters", "--stdin-paths")
        return git.run(*form, feed=feed).split()


def _content(kept: KeptFile, path: Path | None) -> bytes | None:
    """The bytes of a kept file; None if they are not those that were kept."""
    if kept.link is not None:
        content = kept.link.encode()
    elif path is None:
        return None
    else:
        try:
            content = read_content(path)
        except (StrideError, OSError):
            return None
    return content if sha256_of(content) == kept.digest else None


def _files_in(provenance: Provenance) -> Iterator[tuple[str, Path]]:
    """The regular files of untracked/, by the path that code.json has for them."""
    if provenance.code_folder is None:
        return
    top = ProvenanceFolder(provenance.code_folder).untracked_path
    if top.is_symlink():  # it may lead anywhere, and we write none
        return
    for folder, _, names in os.walk(top):
        for name in names:
            path = Path(folder, name)
            with contextlib.suppress(OSError):
                if stat.S_ISREG(path.lstat().st_mode):
                    yield shown(str(path.relative_to(top))), path


def _submodule_entries(git: Git, state: CodeState) -> list[bytes]:
    """Submodules at the commits that were checked out in them."""
    moved = [m for m in state.submodules if m.commit not in (None, m.recorded)]
    return [
        f"{GITLINK} {module.commit}\t{module.path}\0".encode()
        for module in moved
        if OBJECT_NAME.fullmatch(module.commit or "") and _stays_inside(module.path)
    ]


def _digest_of(git: Git, tree: str) -> str:
    """The digest that `digest_of_code` gives of the same files."""
    lines = sorted(
        os.fsencode(entry.path) + f"\0{entry.mode} {entry.name}\0".encode()
        for entry in read_tree(git, tree)
    )
    return sha256_of(b"".join(lines))
