"""The contents of the files of a tree, as git has them: no filter and no attribute is applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from stride.store.provenance.git import Git, GitError
from stride.store.provenance.head import Entry
from stride.store.provenance.kept_files import shown

_AT_ONCE: Final = 32 << 20
"""Bytes of files that are asked of git in one go."""


def read_contents(git: Git, entries: Sequence[Entry]) -> Iterator[tuple[Entry, bytes]]:
    """The files with their content, some at a time.

    Raises:
        GitError: one is not at hand, as in a partial clone.
    """
    feed = "".join(f"{entry.name}\n" for entry in entries).encode()
    answers = git.run("cat-file", "--batch-check=%(objectsize)", feed=feed).decode().splitlines()
    chunk: list[tuple[Entry, int]] = []
    held = 0
    for entry, size in zip(entries, answers, strict=True):
        if not size.isdigit():
            raise GitError(f"{shown(entry.path)} is not among the objects of the repository")
        chunk.append((entry, int(size)))
        held += int(size)
        if held >= _AT_ONCE:
            yield from _chunk(git, chunk)
            chunk, held = [], 0
    yield from _chunk(git, chunk)


def _chunk(git: Git, chunk: list[tuple[Entry, int]]) -> Iterator[tuple[Entry, bytes]]:
    if not chunk:
        return
    feed = "".join(f"{entry.name}\n" for entry, _ in chunk).encode()
    output = git.run("cat-file", "--batch", feed=feed)
    place = 0
    for entry, size in chunk:
        place = output.index(b"\n", place) + 1
        yield entry, output[place : place + size]
        place += size + 1
