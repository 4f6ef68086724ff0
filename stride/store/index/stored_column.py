"""A column as the index keeps it: codes as bytes of the smallest width, values as MessagePack."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from stride.store.index.column import MISSING, Column

Bytes = bytes | memoryview

_TYPES = {1: "B", 2: "H", 4: "I"}
_LARGE_INTEGER = 1
"""The code of an extension of MessagePack, whose own integers end at 64 bits."""

_encode = msgspec.msgpack.Encoder().encode
_decode_keys = msgspec.msgpack.Decoder(list[Any]).decode


def encode_value(value: Any) -> bytes:
    """The bytes of a value as JSON has it; equal only for values that JSON tells not apart."""
    try:
        return _encode(value)
    except OverflowError:
        return _encode(_with_large_integers(value))


def _with_large_integers(value: Any) -> Any:
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return msgspec.msgpack.Ext(_LARGE_INTEGER, hex(value).encode())
    if isinstance(value, list | tuple):
        return [_with_large_integers(item) for item in value]
    if isinstance(value, dict):
        return {key: _with_large_integers(item) for key, item in value.items()}
    return value


def _read_extension(code: int, data: memoryview) -> Any:
    if code != _LARGE_INTEGER:
        raise ValueError(f"no value of the index has the code {code}")
    return int(bytes(data), 16)


_decode_values = msgspec.msgpack.Decoder(list[Any], ext_hook=_read_extension).decode


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column of some rows, not decoded.

    Attributes:
        rows: how many.
        present: how many of them have a value.
        codes: one a row, 1, 2 or 4 bytes each; none at all where every row has the code 1.
        values: an array of the distinct values; the first has the code 1.
    """

    rows: int
    present: int
    codes: Bytes
    values: Bytes

    def read_codes(self) -> Sequence[int]:
        """The code of each row: bytes where one byte is enough, else an array."""
        if len(self.codes) == self.rows:
            return bytes(self.codes)
        if not self.codes:
            return b"\1" * self.rows
        codes: array[int] = array(_TYPES[len(self.codes) // self.rows])
        codes.frombytes(self.codes)
        return codes

    def read_keys(self) -> list[bytes]:
        """The bytes of each distinct value, as `encode_value` gives them."""
        return [_encode(value) for value in _decode_keys(self.values)]

    def decode(self, *, tuples: bool = False) -> Column:
        """The column with its values.

        Args:
            tuples: whether lists become tuples.
        """
        values = _decode_values(self.values)
        return Column(self.read_codes(), [MISSING, *(map(_tuple, values) if tuples else values)])


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def store_column(codes: Sequence[int], keys: Iterable[bytes]) -> StoredColumn:
    """A column of codes and of the bytes of the distinct values, from code 1 on."""
    rows = len(codes)
    present = rows - codes.count(0)
    known = [*keys]
    if len(known) == 1 and present == rows:
        return StoredColumn(rows, present, b"", _array_of(known))
    if len(known) < 1 << 8:
        stored = bytes(codes)
    else:
        stored = array("H" if len(known) < 1 << 16 else "I", codes).tobytes()
    return StoredColumn(rows, present, stored, _array_of(known))


def _array_of(items: Sequence[bytes]) -> bytes:
    """MessagePack's array of some items that are encoded already."""
    count = len(items)
    if count < 16:
        head = bytes([0x90 | count])
    elif count < 1 << 16:
        head = b"\xdc" + count.to_bytes(2, "big")
    else:
        head = b"\xdd" + count.to_bytes(4, "big")
    return head + b"".join(items)
