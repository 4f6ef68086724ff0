"""Where an imported run came from: imported.json in its folder, which no run made here has."""

from __future__ import annotations

from pathlib import Path

import msgspec

from stride.errors import StoredFileError
from stride.files import read_content
from stride.json_text import decode_json

FORMAT = 1


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """All of imported.json: what the run was called, and the archive that it came in."""

    format: int = FORMAT
    moment: str
    archive: str
    experiment: str
    run: str
    id: str


def read_origin(path: Path) -> Origin | None:
    """Where a run was imported from; None where it was made here.

    Raises:
        StoredFileError: the file cannot be understood; the run was imported.
        StorageError: it cannot be read.
    """
    try:
        content = read_content(path)
    except FileNotFoundError:
        return None
    try:
        return msgspec.convert(decode_json(content, path), Origin)
    except msgspec.ValidationError as error:
        raise StoredFileError(f"{path} does not say where the run came from: {error}") from error
