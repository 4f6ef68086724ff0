"""A request to a training: a small file in the run folder, which the training reads and takes away.

It works from any host that sees the folder; the training looks at its log steps.
"""

from __future__ import annotations

import contextlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from stride.errors import StorageError, StoredFileError
from stride.files import encode_json, read_json, write_atomic
from stride.store.record import utc_now

REQUESTS = ("stop", "checkpoint")
"""What a training can be asked for; see `Run.request_path`."""


@dataclass(frozen=True)
class Request:
    """Who asked, and when (UTC, ISO 8601); None where the file does not say."""

    host: str | None
    moment: str | None


def write_request(path: Path) -> None:
    """Ask; asking twice is asking once.

    Raises:
        StorageError: the disk refused.
    """
    content = {"host": socket.gethostname(), "pid": os.getpid(), "moment": utc_now()}
    write_atomic(path, encode_json(content))


def take_request(path: Path) -> Request | None:
    """The request of a file, which is removed; None where there is none. Never raises for a file.

    It is called often, and a request is rare: where there is none, this is one question to the
    file system.
    """
    if not os.path.exists(path):  # noqa: PTH110  it costs half of what Path.exists does
        return None
    tree: object = None
    with contextlib.suppress(StorageError, StoredFileError, FileNotFoundError):
        tree = read_json(path)
    forget_request(path)
    said = tree if isinstance(tree, dict) else {}
    host, moment = said.get("host"), said.get("moment")
    return Request(
        host if isinstance(host, str) else None, moment if isinstance(moment, str) else None
    )


def forget_request(path: Path) -> None:
    """Remove a request that nobody has taken, if there is one."""
    with contextlib.suppress(OSError):
        path.unlink()
