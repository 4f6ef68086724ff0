"""Requests to a training: taken once, whatever is in the file."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from stride.errors import StorageError
from stride.store.requests import forget_request, take_request, write_request


def test_a_request_is_taken_once_and_says_who_asked(tmp_path: Path) -> None:
    path = tmp_path / ".stop-request"
    assert take_request(path) is None
    write_request(path)
    write_request(path)
    request = take_request(path)
    assert request is not None
    assert request.host == socket.gethostname()
    assert request.moment is not None
    assert request.moment.endswith("Z")
    assert take_request(path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"[]", b'{"host": 1}', b"\xff"])
def test_what_cannot_be_read_is_a_request_of_nobody(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / ".stop-request"
    path.write_bytes(content)
    request = take_request(path)
    assert request is not None
    assert request.host is None
    assert take_request(path) is None


def test_a_request_can_be_forgotten(tmp_path: Path) -> None:
    path = tmp_path / ".stop-request"
    forget_request(path)
    write_request(path)
    forget_request(path)
    assert take_request(path) is None


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises((StorageError, FileNotFoundError)):
        write_request(tmp_path / "gone" / ".stop-request")
