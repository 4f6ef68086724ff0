"""Secret content: private keys, access tokens and passwords that stand in the text of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from stride.store.provenance.secrets import TOKEN, name_holds_password, name_looks_secret

_PRIVATE_KEY: Final = re.compile(
    rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|^PuTTY-User-Key-File-", re.M
)
_TOKEN_IN_BYTES: Final = re.compile(TOKEN.pattern.encode())

# Finding a word is a hundred times as fast as an expression: only lines that have one are read.
_HINTS: Final = (
    b"passw", b"passphrase", b"pwd", b"secret", b"credential", b"token", b"key", b"://", b"bearer ",
)  # fmt: skip
_LONGEST_LINE: Final = 2000
_ASSIGNED: Final = re.compile(
    r"(?P<name>[A-Za-z_](?:[\w.-]{0,60}\w)?)[\"']?\s*(?::[ \w.|\[\]]{0,40}=|=>|[:=])\s*"
    r"(?:[rbu]?\\?(?P<quote>[\"'])(?P<quoted>[^\"'\s\\]{8,})\\?(?P=quote)"
    r"|(?P<bare>[\w+/=~!@^%-]{8,})(?=\s*(?:[#;,}].*)?$))"
)
_BEARER: Final = re.compile(r"\bBearer [A-Za-z0-9._~+/-]{12,}", re.IGNORECASE)
_WITH_PASSWORD: Final = re.compile(r"://[^/\s:@\"'{}$<>]+:(?P<password>[^/\s@\"'{}$<>*]{3,})@")
_STANDS_FOR: Final = re.compile(
    r"[<${(*]|^[~./]|\.\.\.|x{4}|your|change|example|placeholder|redacted|dummy|"
    r"^(?:pass(?:word)?|secret|token|user|postgres)$",
    re.IGNORECASE,
)
"""What is written where no secret shall stand."""


def content_looks_secret(content: bytes) -> bool:
    """Whether a private key, a well-known form of access token, or a password is in it.

    A password is a literal that is given to a name as `password`, `api_key`, `hf_token`, or that
    stands in an address.
    """
    return (
        bool(_PRIVATE_KEY.search(content) or _TOKEN_IN_BYTES.search(content))
        or any(map(_holds_password, _lines_with_hints(content)))
    )  # fmt: skip


def _lines_with_hints(content: bytes) -> Iterator[str]:
    lowered = content.lower()
    for hint in _HINTS:
        at = lowered.find(hint)
        while at >= 0:
            begin = max(content.rfind(b"\n", 0, at) + 1, at - _LONGEST_LINE)
            end = content.find(b"\n", at)
            end = min(end if end >= 0 else len(content), at + _LONGEST_LINE)
            yield content[begin:end].decode("utf-8", "replace").rstrip("\r")
            at = lowered.find(hint, end)


def _holds_password(line: str) -> bool:
    if any(_is_literal(found["password"]) for found in _WITH_PASSWORD.finditer(line)):
        return True
    if any(re.search("[0-9]", found[0]) for found in _BEARER.finditer(line)):
        return True
    return any(map(_assigns_password, _ASSIGNED.finditer(line)))


def _assigns_password(found: re.Match[str]) -> bool:
    value = found["quoted"] or found["bare"]
    has_digit = bool(re.search("[0-9]", value))
    if not _is_literal(value) or (found["bare"] and not has_digit):
        return False
    name = found["name"].rpartition(".")[2]
    if name_holds_password(name):
        return True
    # Words of a language model are tokens as well, and short.
    is_token = name_looks_secret(name) and name.lower().endswith("token")
    return is_token and has_digit and len(value) >= 16


def _is_literal(value: str) -> bool:
    return _STANDS_FOR.search(value) is None
