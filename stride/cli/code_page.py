"""The code in `stride diff`: the files that differ, and the patch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from stride.cli import answer
from stride.cli.page import wrapped
from stride.cli.table import Cell, Column, draw_table
from stride.cli.terminal import Terminal
from stride.cli.text import harmless
from stride.report.code_comparison import CodeDifference
from stride.store.provenance.code_patch import ChangedFile

_MOST = 20
"""Files of one comparison that a terminal shows; elsewhere nothing is left out."""

_STYLES = {b"+": "green", b"-": "red", b"@": "cyan", b"d": "bold"}
_OF_DIFFS = "no repository has the commit: the kept diffs are compared, not the files"


def draw_files(
    differences: Sequence[CodeDifference], uncovered: Iterable[str], terminal: Terminal
) -> Iterator[str]:
    """For each comparison the files that differ, and what is not covered."""
    notes: dict[str, None] = {}
    for difference in differences:
        of = harmless(f"{difference.first} to {difference.second}")
        if difference.files is None and difference.in_git:
            notes[f"no patch from {of}: {difference.reason}"] = None
        elif difference.files:
            yield ""
            yield terminal.paint(f"files, {of}", "bold")
            yield from _draw_table(difference.files, terminal)
        if difference.files and difference.of_diffs:
            notes[f"{_OF_DIFFS} ({difference.reason})"] = None
        notes |= dict.fromkeys(difference.notes)
    notes |= dict.fromkeys(uncovered)
    if any(difference.files for difference in differences):
        notes["--code shows the patch"] = None
    if notes:
        yield ""
        yield from (line for note in notes for line in wrapped(harmless(note), terminal, hanging=2))


def _draw_table(files: Sequence[ChangedFile], terminal: Terminal) -> Iterator[str]:
    shown = files if terminal.width is None else files[:_MOST]
    columns = [Column("  "), Column("", right=True), Column("", right=True), Column("")]
    lines = draw_table(columns, [[*_cells(file)] for file in shown], terminal)
    next(lines)  # no headings: the signs tell
    yield from lines
    added, removed = (
        sum(getattr(file, name) or 0 for file in files) for name in ("added", "removed")
    )
    more = len(files) - len(shown)
    count = f"{len(files)} files" if len(files) > 1 else "1 file"
    yield f"  {count}, +{added} −{removed}" + (f"; {more} of them not shown" if more else "")


def _cells(file: ChangedFile) -> Iterator[Cell]:
    yield Cell(f"  {harmless(file.path)}", "cyan")
    if file.added is None or file.removed is None:
        yield from (Cell(""), Cell(""))
        words = ["binary"]
    else:
        yield Cell(f"+{file.added}" if file.added else "", "green")
        yield Cell(f"−{file.removed}" if file.removed else "", "red")
        words = []
    if file.change != "changed":
        words.append(file.change)
    if file.before is not None:
        words.append(f"from {file.before}")
    yield Cell(harmless(" ".join(words)), "dim")


def write_patches(
    differences: Sequence[CodeDifference], uncovered: Iterable[str], terminal: Terminal
) -> None:
    """Write the patches, and nothing else: off a terminal byte for byte, for `git apply`.

    What there is to say about them goes to standard error.
    """
    for difference in differences:
        of = f"{difference.first} to {difference.second}"
        if len(differences) > 1 and difference.patch:
            _write(f"patch from {of}\n".encode(errors="backslashreplace"), terminal)
        _write(difference.patch, terminal)
        if difference.files is None:
            answer.note(f"no patch from {of}: {difference.reason}")
        elif not difference.files:
            answer.note(f"the same code: {difference.first} and {difference.second}")
        if difference.files and difference.of_diffs:
            answer.note(f"{_OF_DIFFS} ({difference.reason})")
    for note in dict.fromkeys((*(n for each in differences for n in each.notes), *uncovered)):
        answer.note(note)


def _write(patch: bytes, terminal: Terminal) -> None:
    if terminal.width is None:
        answer.write_bytes(patch)
        return
    for line in patch.removesuffix(b"\n").split(b"\n") if patch else ():
        text = harmless(line.decode(errors="backslashreplace").expandtabs())
        answer.write(terminal.paint(text, _STYLES.get(line[:1], "")))


def patch_fields(difference: CodeDifference, uncovered: Iterable[str]) -> dict[str, Any]:
    """The fields of JSON."""
    files = None
    if difference.files is not None:
        files = [
            {
                "path": file.path,
                "change": file.change,
                "before": file.before,
                "added": file.added,
                "removed": file.removed,
            }
            for file in difference.files
        ]
    return {
        "first": difference.first,
        "second": difference.second,
        "files": files,
        "reason": difference.reason,
        "of_diffs": difference.of_diffs,
        "patch": difference.patch.decode(errors="backslashreplace") or None,
        "notes": [*difference.notes, *uncovered],
    }
