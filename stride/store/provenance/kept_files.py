"""Kept files: small files of which the whole content is kept."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final, NamedTuple

from stride.files import sha256_of
from stride.store.provenance.record import KeptFile, LeftOut
from stride.store.provenance.secret_content import content_looks_secret
from stride.store.provenance.secrets import path_looks_secret

LARGEST_KEPT_FILE: Final = 1 << 20
"""Bytes of the largest untracked file that is kept."""

KEPT_BYTES: Final = 16 << 20
"""Bytes that all kept files may take together."""

KEPT_FILES: Final = 500
"""How many files are kept at most."""

LOOKS_SECRET: Final = "looks like a key or a file of secrets"
HOLDS_SECRET: Final = "holds what looks like a private key or an access token"


class Content(NamedTuple):
    """A kept file and its bytes; of a symbolic link the target is the content.

    Attributes:
        path: within the repository, with `/`, as the file system names it.
    """

    path: str
    content: bytes
    executable: bool = False
    is_link: bool = False
    tracked: bool = False

    def describe(self) -> KeptFile:
        """The line of it in code.json."""
        return KeptFile(
            path=shown(self.path),
            size=len(self.content),
            digest=sha256_of(self.content),
            executable=self.executable,
            link=shown(os.fsdecode(self.content)) if self.is_link else None,
            tracked=self.tracked,
        )


def read_kept(top: Path, paths: list[str], *, tracked: bool) -> tuple[list[Content], list[LeftOut]]:
    """Read files that are to be kept, in the order given, up to the limits above.

    Secrets, large files, and what is no file or vanished meanwhile are left out, each with its
    reason.
    """
    kept: list[Content] = []
    left_out: list[LeftOut] = []
    total = 0
    for path in paths:
        found = _read(top, path, tracked)
        if isinstance(found, Content) and (
            len(kept) == KEPT_FILES or total + len(found.content) > KEPT_BYTES
        ):
            limits = f"{KEPT_FILES} files or {KEPT_BYTES >> 20} MiB are kept already"
            found = LeftOut(shown(path), limits)
        if isinstance(found, LeftOut):
            left_out.append(found)
        else:
            kept.append(found)
            total += len(found.content)
    return kept, left_out


def shown(path: str) -> str:
    """A path as JSON can hold it: bytes that are no UTF-8 become `\\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _read(top: Path, path: str, tracked: bool) -> Content | LeftOut:
    if path_looks_secret(path, tracked=tracked):
        return LeftOut(shown(path), LOOKS_SECRET)
    try:
        if (top / path).is_symlink():
            return Content(path, os.fsencode((top / path).readlink()), False, True, tracked)
        # Without O_NONBLOCK a named pipe would hold the reader for ever.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with open(os.open(top / path, flags), "rb") as stream:  # noqa: PTH123 - a descriptor
            mode = os.fstat(stream.fileno()).st_mode
            if not stat.S_ISREG(mode):
                return LeftOut(shown(path), "is no regular file")
            content = stream.read(LARGEST_KEPT_FILE + 1)
    except OSError as error:
        return LeftOut(shown(path), f"cannot be read: {error.strerror}")
    if len(content) > LARGEST_KEPT_FILE:
        return LeftOut(shown(path), f"is larger than {LARGEST_KEPT_FILE >> 20} MiB")
    if content_looks_secret(content):
        return LeftOut(shown(path), HOLDS_SECRET)
    return Content(path, content, bool(mode & stat.S_IXUSR), False, tracked)
