"""A message between ranks: a value as MessagePack bytes, which can hold no code."""

from __future__ import annotations

from typing import Any

import msgspec


def encode(value: Any) -> bytes:
    """The bytes of a value; floats are exact, nan and infinities among them."""
    return msgspec.msgpack.encode(value)


def decode(data: bytes) -> Any:
    """The value of some bytes; tuples come back as lists."""
    return msgspec.msgpack.decode(data)
