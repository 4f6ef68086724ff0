"""The check of sweeps: the definition and every line of the journal are JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stride.errors import StorageError, StoredFileError
from stride.files import read_content, read_json
from stride.json_text import decode_json
from stride.store.doctor.finding import Finding
from stride.store.work_dir import WorkDir


def check_sweeps(work_dir: WorkDir) -> Iterator[Finding]:
    """Read the files of every sweep. What is torn is left for a person: trials hang on it."""
    if work_dir.sweeps_path.is_symlink() or not work_dir.sweeps_path.is_dir():
        return
    for folder in sorted(work_dir.sweeps_path.iterdir()):
        if folder.is_symlink() or not folder.is_dir():
            continue
        for path in sorted(folder.glob("*.json")):
            yield from _torn(path)
        yield from _torn_lines(folder / "journal.log")


def _torn(path: Path) -> Iterator[Finding]:
    try:
        read_json(path)
    except FileNotFoundError:
        return
    except (StoredFileError, StorageError) as error:
        yield Finding("torn file", path, str(error))


def _torn_lines(path: Path) -> Iterator[Finding]:
    """The last line of a journal may be torn: the next worker cuts it."""
    try:
        lines = read_content(path).split(b"\n")[:-1]
    except FileNotFoundError:
        return
    except (StoredFileError, StorageError) as error:
        yield Finding("torn file", path, str(error))
        return
    for number, line in enumerate(lines, start=1):
        try:
            decode_json(line, path)
        except StoredFileError as error:
            yield Finding("torn file", path, f"line {number} of it cannot be read: {error}")
            return
