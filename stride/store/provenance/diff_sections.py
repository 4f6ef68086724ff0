"""The sections of a diff: the part of each file, and what two kept diffs differ by."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Final

_BEGIN: Final = b"diff --git "
_BETWEEN: Final = b"\n" + _BEGIN


def split_sections(diff: bytes) -> list[bytes]:
    """The sections of a diff in git's format, whole: together they are the diff again."""
    parts = (b"\n" + diff).split(_BETWEEN)[1:]
    return [_BEGIN + part + b"\n" for part in parts[:-1]] + [_BEGIN + part for part in parts[-1:]]


def path_of_section(section: bytes) -> str:
    """The path in `diff --git a/PATH b/PATH`: without renames both are the same."""
    names = section.partition(b"\n")[0].removeprefix(_BEGIN)
    if names.startswith(b'"'):
        return names.decode(errors="backslashreplace")
    return names[2 : 2 + (len(names) - 5) // 2].decode(errors="backslashreplace")


def difference_of_texts(
    first: Mapping[str, bytes], second: Mapping[str, bytes], title: str
) -> Iterator[tuple[str, bytes]]:
    """By path what leads from the first texts to the second, as unified diffs; equal ones are none.

    Args:
        first, second: texts by path; a path that one of them lacks has the empty text there.
        title: what the texts are; stands in the line above each.
    """
    for path in sorted(first.keys() | second.keys()):
        lines = difflib.diff_bytes(
            difflib.unified_diff,
            first.get(path, b"").splitlines(keepends=True),
            second.get(path, b"").splitlines(keepends=True),
            f"a/{path}".encode(errors="backslashreplace"),
            f"b/{path}".encode(errors="backslashreplace"),
        )
        if text := b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines):
            yield path, f"{title} {path}\n".encode(errors="backslashreplace") + text
