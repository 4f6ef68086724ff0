"""The permanent id of a run alone: also of one that a newer stride wrote."""

from __future__ import annotations

import msgspec

from stride.errors import StoredFileError
from stride.files import read_content
from stride.store.run import Run


class _Id(msgspec.Struct, frozen=True):
    id: str


_decoder = msgspec.json.Decoder(_Id)


def read_id(run: Run) -> str | None:
    """The id of a run, None where its record cannot be read."""
    try:
        run.check_inside(run.record_path)
        return _decoder.decode(read_content(run.record_path)).id
    except (OSError, StoredFileError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
