"""What was probably meant where a query cannot be read: words and signs of other languages."""

from __future__ import annotations

from typing import Final

from stride.store.query.tokens import Token
from stride.store.query.tree import Literal, Name

_FOREIGN: Final = {
    "=": "a comparison is written ==",
    "===": "a comparison is written ==",
    "<>": "a comparison is written !=",
    "!==": "a comparison is written !=",
    "&&": "write and",
    "&": "write and",
    "||": "write or",
    "|": "write or",
    "!": "write not",
    "=~": "a text is matched with ~, as in note ~ 'first.*try'",
    "!~": "a text is matched with ~, as in not note ~ 'first.*try'",
    "like": "a text is matched with ~ 'regular expression', or with contains 'part'",
}


def no_value(token: Token) -> str:
    """Why a token stands where a name or value is wanted."""
    if token.kind == "end":
        return "the query ends where a name or value is wanted"
    if hint := _foreign(token):
        return hint
    if token.kind == "name":
        return f"a value is wanted here; a text stands in quotes, as '{token.text}'"
    return f"a name or value is wanted here, not {token.text}"


def unfinished(left: Name | Literal, token: Token) -> str:
    """Why nothing is said about what was read before the token."""
    if hint := _foreign(token):
        return hint
    if token.kind in ("name", "text", "number"):
        return f"an operator is missing after {left}, such as == or <"
    return f"{left} alone asks nothing; compare it, as in {left} == true"


def left_over(token: Token) -> str:
    """Why a token cannot stand behind a condition."""
    if hint := _foreign(token):
        return hint
    if token.text == ")" and token.kind == "sign":
        return "there is no parenthesis to close here"
    return "between two conditions stands and or or"


def _foreign(token: Token) -> str | None:
    return _FOREIGN.get(token.text) if token.kind in ("sign", "word") else None
