"""Digest of the code: one value for the files as they were, whether committed or not."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from stride.files import sha256_of
from stride.store.provenance.changes import Change
from stride.store.provenance.experiments import Experiments
from stride.store.provenance.head import GITLINK, Entry
from stride.store.provenance.kept_files import Content, shown
from stride.store.provenance.record import Submodule
from stride.store.provenance.secrets import path_looks_secret

LARGEST_HASHED: Final = 256 << 20
"""Bytes of the largest changed file that the digest reads; of a larger one the size counts."""

_FILE, _PROGRAM, _LINK = "100644", "100755", "120000"


def digest_of_code(
    top: Path,
    tree: Iterable[Entry],
    changes: Iterable[Change],
    kept: Iterable[Content],
    submodules: Iterable[Submodule],
    experiments: Experiments,
    algorithm: str,
) -> str:
    """Digest of the commit's files with the changes and the untracked source files laid over them.

    Files are named as git names them, by mode and object, so that committing a change does not
    alter the digest. Experiments do not count; of a file that looks like a secret only the presence
    does.

    Args:
        tree: the commit's files. changes: of them. kept: untracked files.
        algorithm: by which the repository names its objects, "sha1" or "sha256".
    """
    files = {
        entry.path: (entry.mode, entry.name)
        for entry in tree
        if experiments.holder(entry.path) is None
    }
    checked_out = {module.path: module.commit for module in submodules}
    for path, (mode, name) in files.items():
        if mode == GITLINK:
            files[path] = (mode, checked_out.get(shown(path)) or name)
    for change in changes:
        if change.is_deleted:
            files.pop(change.path, None)
        else:
            files[change.path] = _on_disk(top / change.path, change.path, algorithm)
    # After the changes: a file that was removed from the index may still be there, untracked.
    for content in kept:
        mode = _LINK if content.is_link else _PROGRAM if content.executable else _FILE
        files[content.path] = (mode, _object_name(algorithm, content.content))
    lines = sorted(
        os.fsencode(path) + f"\0{mode} {name}\0".encode() for path, (mode, name) in files.items()
    )
    return sha256_of(b"".join(lines))


def _on_disk(path: Path, name: str, algorithm: str) -> tuple[str, str]:
    """Mode and object of a file in the work tree."""
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return _LINK, _object_name(algorithm, os.fsencode(path.readlink()))
        mode = _PROGRAM if status.st_mode & stat.S_IXUSR else _FILE
        if path_looks_secret(name, tracked=True):
            return mode, "secret"
        if status.st_size > LARGEST_HASHED:
            return mode, f"{status.st_size} bytes"
        return mode, _object_name(algorithm, path.read_bytes())
    except OSError:
        return _FILE, "unreadable"


def _object_name(algorithm: str, content: bytes) -> str:
    """What git calls a file of that content; no security rests on it."""
    hasher = hashlib.new(algorithm, b"blob %d\0" % len(content), usedforsecurity=False)
    hasher.update(content)
    return hasher.hexdigest()
