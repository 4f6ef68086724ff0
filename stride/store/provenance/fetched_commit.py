"""A commit that is fetched from the address of a repository: only where a person named one."""

from __future__ import annotations

import re
import time
from typing import Final

from stride.store.provenance.git import Git, GitError
from stride.store.provenance.scratch_repository import ScratchRepository
from stride.store.provenance.secrets import masked_address

_PROTOCOLS: Final = "https:http:ssh:git:file"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SECURE_COPY = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9._-]+:")
_ALL: Final = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


def is_address(text: str) -> bool:
    """Whether a text is the address of a repository, not a folder."""
    return bool(_SCHEME.match(text) or _SECURE_COPY.match(text))


def fetch_commit(scratch: ScratchRepository, address: str, commit: str, seconds: float) -> None:
    """Fetch a commit; where the server gives single ones to nobody, all of its branches and tags.

    Git's own settings of the user hold, those of ssh and for passwords among them; it asks nothing.

    Raises:
        GitError: the server refuses, or cannot be reached.
    """
    git = Git(scratch.git.folder, time.monotonic() + seconds, protocols=_PROTOCOLS)
    form = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
    try:
        git.run(*form, "--depth=1", "--", address, commit, literal=False)
    except GitError:
        try:
            git.run(*form, "--", address, *_ALL, literal=False)
        except GitError as error:
            raise GitError(f"{masked_address(address)}: {error}") from error
