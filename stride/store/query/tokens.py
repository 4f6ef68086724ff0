"""The words and signs of a query: where each begins, and what is wrong with what is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from stride.errors import QueryError

LONGEST: Final = 100_000
"""Characters of a query: a list of all the runs of an experiment has room."""

_SCANNER: Final = re.compile(
    r"""
      (?P<blank>\s+)
    | (?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+(?:Z|[+-][0-9:]+)?)?(?![\w.:-]))
    | (?P<span>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:s|min|m|h|d|w)(?![\w.]))
    | (?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.])|[+-](?:inf|nan)\b)
    | (?P<name>[^\W\d][\w./@%\\-]*)
    | (?P<quoted>`[^`]+`)
    | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<sign>===?|!==?|=~|!~|<=|>=|<>|&&|\|\||[<>=()\[\],~!&|])
    """,
    re.VERBOSE | re.DOTALL,
)
_PLAIN: Final = re.compile(r"[^\W\d][\w./@%\\-]*")
_ESCAPED: Final = re.compile(r"""\\([\\'"])""")
_WORDS: Final = frozenset(
    {"and", "or", "not", "in", "is", "contains", "missing", "true", "false", "null", "none"}
    | {"inf", "nan", "like"}
)


@dataclass(frozen=True)
class Token:
    """A word or sign.

    Attributes:
        kind: word (with a meaning of its own), name, number, text, sign or end.
        text: a word in small letters, a name or text without its quotes, a number as typed.
        position: of its first character in the query, from 0.
    """

    kind: str
    text: str
    position: int


def read_tokens(query: str) -> list[Token]:
    """The tokens of a query; the last one is the end.

    Raises:
        QueryError: something is none, or the query is too long.
    """
    if len(query) > LONGEST:
        raise QueryError(f"the query has {len(query)} characters; {LONGEST} are possible")
    tokens: list[Token] = []
    position = 0
    while position < len(query):
        found = _SCANNER.match(query, position)
        if found is None:
            raise _refusal(query, position)
        kind, text = str(found.lastgroup), found[0]
        if kind == "name" and is_word(text):
            kind, text = "word", text.lower()
        elif kind == "quoted":
            kind, text = "name", text[1:-1]
        elif kind == "text":
            text = _ESCAPED.sub(r"\1", text[1:-1])
        elif kind in ("date", "span"):
            kind = "text"
        if kind != "blank":
            tokens.append(Token(kind, text, position))
        position = found.end()
    return [*tokens, Token("end", "", len(query))]


def is_word(text: str) -> bool:
    """Whether a name has a meaning of its own, in small letters or as SQL and Python write it."""
    return text.lower() in _WORDS


def quote_name(name: str) -> str:
    """A name as a query has it: in backticks where it would be read as something else."""
    return name if _PLAIN.fullmatch(name) and not is_word(name) else f"`{name}`"


def quote_text(text: str) -> str:
    """A text as a query has it, in quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def refuse(what: str, query: str, position: int) -> QueryError:
    """The error of a place in a query: what is wrong, the place in words, and what is there."""
    if position >= len(query.rstrip()):
        return QueryError(f"{what} (at the end of the query)", position)
    near = query[position : position + 24].split("\n")[0]
    more = "..." if len(query) > position + len(near) else ""
    return QueryError(f"{what} (character {position + 1} of the query: {near}{more})", position)


def _refusal(query: str, position: int) -> QueryError:
    sign = query[position]
    if sign in "'\"`":
        return refuse(f"the text that begins with {sign} has no end", query, position)
    if sign in "0123456789.+-":
        typed = re.split(r"[\s()\[\],<>=!]", query[position : position + 40], maxsplit=1)[0]
        what = f"{typed} is no number"
        if sign in "+-" and not typed[1:2].isdigit():
            what = "a query does not calculate; it compares one name with one value"
        elif typed[0].isdigit():
            what += f"; a name that begins with a digit is written in backticks, `{typed}`"
        return refuse(what, query, position)
    return refuse(f"{sign!r} has no meaning in a query", query, position)
