"""The answer of a command: text or JSON on standard output; all else goes to standard error."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from stride.cli.text import harmless
from stride.errors import StorageError
from stride.files import encode_number

_CONTROLS = re.compile("[\x7f-\x9f\ud800-\udfff]")
"""And halves of a pair, which stand for the bytes of a file name that is no text."""


def write(text: str) -> None:
    """Write a line of the answer.

    Raises:
        BrokenPipeError: the reader has gone; the group of commands ends quietly.
        StorageError: standard output is a file on a full disk.
    """
    _write(text + "\n")


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _refusal(error) from error


def write_bytes(content: bytes) -> None:
    """Write bytes as they are, behind what was written before: a patch, which may be no text.

    Raises:
        BrokenPipeError, StorageError: as `write`.
    """
    flush()
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _refusal(error) from error


def flush() -> None:
    """Hand the answer over now: a follower waits for the line, and a full disk is to be noticed."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _refusal(error) from error


def _refusal(error: OSError) -> StorageError:
    return StorageError(f"cannot write the answer to standard output: {error.strerror}")


def note(text: str) -> None:
    """Say something beside the answer, on standard error."""
    sys.stderr.write("\n".join(map(harmless, text.split("\n"))) + "\n")


def write_json(value: Any) -> None:
    """Write the whole answer as one JSON document."""
    write(_json_text(value, indent=2))


def write_json_array(values: Iterable[Any], *, live: bool = False) -> None:
    """Write one JSON array, an element a line, each as soon as it is there.

    Args:
        live: a reader waits for each line: it is flushed whole, its newline too, and the comma
            stands before the next.
    """
    empty = True
    for value in values:
        text = _json_text(value)
        if live:
            _write(("[\n" if empty else ",") + text + "\n")
            flush()
        else:
            _write(("[\n" if empty else ",\n") + text)
        empty = False
    _write("[]\n" if empty else "]\n" if live else "\n]\n")


def _json_text(value: Any, *, indent: int | None = None) -> str:
    """JSON in which no control character stands as itself, the 8-bit ones of terminals included,
    and nothing that is no text.
    """
    text = json.dumps(plain(value), ensure_ascii=False, indent=indent, allow_nan=False)
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def plain(value: Any) -> Any:
    """A value as JSON has it: nan and the infinities, paths and enums become their text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return encode_number(value)
    if isinstance(value, Mapping):
        return {str(key): plain(element) for key, element in value.items()}
    if isinstance(value, Iterable):
        return [plain(element) for element in value]
    return os.fspath(value)
