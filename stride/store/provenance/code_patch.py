"""Code patch: what leads from the code of one run to that of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from stride.store.provenance.git import Git
from stride.store.provenance.kept_files import shown

_FORM: Final = (
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--find-renames",
    "--submodule=short",
    "-O/dev/null",
)
_PATCH: Final = ("--patch", "--src-prefix=a/", "--dst-prefix=b/")
_WORDS: Final = {"A": "new", "D": "removed", "R": "renamed", "C": "copied", "T": "type changed"}


@dataclass(frozen=True)
class ChangedFile:
    """A file that differs.

    Attributes:
        path: where it is afterwards; of a removed one, where it was.
        change: `changed`, `new`, `removed`, `renamed`, `copied` or `type changed`.
        before: where it was, if it was renamed or copied.
        added, removed: lines; None of a binary file.
    """

    path: str
    change: str
    before: str | None
    added: int | None
    removed: int | None


def read_changed_files(
    git: Git, first: str, second: str, without: Sequence[str] = ()
) -> tuple[ChangedFile, ...]:
    """The files in which two trees differ.

    Args:
        without: paths to leave out, with all that is below them.

    Raises:
        GitError: git refused or took too long.
    """
    records = git.records(
        "diff", *_FORM, "--raw", "--numstat", "-z", first, second, *_besides(without), literal=False
    )
    return tuple(_parse(iter(records)))


def read_patch(
    git: Git, first: str, second: str, without: Sequence[str] = (), *, binary: bool = True
) -> bytes:
    """The same as a patch that `git apply` takes, unless `binary` files are only named in it.

    Raises:
        GitError: git refused or took too long.
    """
    form = (*_FORM, *_PATCH, *(["--binary", "--full-index"] if binary else []))
    return git.run("diff", *form, first, second, *_besides(without), literal=False)


def _besides(without: Sequence[str]) -> list[str]:
    return ["--", ".", *(f":(exclude,top,literal){path}" for path in without)] if without else []


def _parse(records: Iterator[str]) -> Iterator[ChangedFile]:
    """Put the lines of --raw, which come first, and of --numstat together."""
    changes: dict[str, tuple[str, str | None]] = {}
    for record in records:
        if record.startswith(":"):
            status = record.rpartition(" ")[2][:1]
            path, before = next(records), None
            if status in "RC":
                path, before = next(records), path
            changes[path] = _WORDS.get(status, "changed"), before
            continue
        added, removed, path = record.split("\t", 2)
        if not path:  # of a renamed file the two names follow
            next(records)
            path = next(records)
        change, before = changes[path]
        yield ChangedFile(
            shown(path),
            change,
            None if before is None else shown(before),
            int(added) if added.isdigit() else None,
            int(removed) if removed.isdigit() else None,
        )
