"""Values as text: what the `c` of `a.b=c` means, by the type that the schema wants there."""

from __future__ import annotations

import enum
import json
import re
import types
import typing
from pathlib import Path
from typing import Any, Final, Literal, Union

from stride.config.strict_json import BadJsonError, NotJsonError, read_strict_json
from stride.config.type_text import type_text
from stride.config.validation import fits, with_article
from stride.errors import ConfigError

_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_PYTHON_WORDS: Final = {"True": "true", "False": "false", "None": "null"}
_QUOTE: Final = "put the whole argument in single quotes"


def read_text(text: str, annotation: Any, key: str) -> Any:
    """The JSON value that a text means where a type is wanted; the caller checks it.

    A string is taken as typed. A list is JSON, or its elements between commas; nothing is the empty
    list. Numbers may be written `.5`. A union takes JSON where it is one of its members, then the
    first member that fits, a string last. Where no type is known: JSON, else a string.

    Raises:
        ConfigError: the text cannot be meant: mangled by a shell, Python's `True` and `None`, a
            number that overflows.
    """
    if annotation is Any:
        return _read_any(text, key)
    annotation = _bare(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is str or annotation is Path:
        return text
    if annotation is int:
        return int(text) if _INTEGER.fullmatch(text) and len(text) < 4000 else text
    if annotation is float:
        return _read_number(text, key)
    if annotation is bool:
        return _read_word(text, {"true": True, "false": False}, key)
    if annotation is None or annotation is type(None):
        return _read_word(text, {"null": None}, key)
    if origin is Union or isinstance(annotation, types.UnionType):
        return _read_union(text, annotation, key)
    if origin is Literal:
        return _read_one_of(text, arguments, key)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _read_one_of(text, tuple(member.value for member in annotation), key)
    if origin is list:
        return _read_list(text, arguments[0], annotation, key)
    if origin is tuple:
        return _read_list(text, arguments, annotation, key)
    if origin is dict:
        return _read_mapping(text, key)
    return _read_any(text, key)


def _bare(annotation: Any) -> Any:
    """Without the constraints, which do not change how a text is read."""
    if typing.get_origin(annotation) is typing.Annotated:
        return typing.get_args(annotation)[0]
    return annotation


def _read_any(text: str, key: str) -> Any:
    if text in _PYTHON_WORDS:
        raise _python_word(text, key)
    try:
        return read_strict_json(text)
    except BadJsonError as error:
        raise ConfigError(f"{key}={text}: {error}") from error
    except NotJsonError:
        if text[:1] in ("[", "{", '"'):
            raise _mangled(text, "JSON", key) from None
        return text


def _read_number(text: str, key: str) -> Any:
    if not _NUMBER.fullmatch(text):
        if text.lstrip("+-").lower() in ("nan", "inf", "infinity"):
            raise ConfigError(f"{key} must be a finite number, not {text}")
        return text
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ConfigError(f"{key} must be a finite number; {text} is too large")
    return int(text) if _INTEGER.fullmatch(text) and abs(number) < 2**53 else number


def _read_word(text: str, words: dict[str, Any], key: str) -> Any:
    if text in words:
        return words[text]
    if text in _PYTHON_WORDS and _PYTHON_WORDS[text] in words:
        raise _python_word(text, key)
    return text


def _read_union(text: str, annotation: Any, key: str) -> Any:
    members = typing.get_args(annotation)
    allowed = {json.dumps(word) for word in (True, False, None) if fits(word, annotation)}
    if _PYTHON_WORDS.get(text) in allowed:
        raise _python_word(text, key)
    guess: Any = text
    try:
        guess = read_strict_json(text)
    except ValueError:
        pass
    else:
        if fits(guess, annotation):
            return guess
    for member in sorted(members, key=lambda item: _bare(item) in (str, Path)):
        try:
            value = read_text(text, member, key)
        except ConfigError:
            if len(members) == 2 and type(None) in members:
                raise  # an optional value has one reading alone, and its hint is the right one
            continue
        if fits(value, member):
            return value
    return guess


def _read_one_of(text: str, values: tuple[Any, ...], key: str) -> Any:
    if text in values:
        return text
    for value in values:
        if not isinstance(value, str) and text == json.dumps(value):
            return value
        if not isinstance(value, str) and _PYTHON_WORDS.get(text) == json.dumps(value):
            raise _python_word(text, key)
    return text


def _read_list(text: str, items: Any, annotation: Any, key: str) -> Any:
    """Elements of one type, or, where `items` is a tuple, of one type each."""
    if not text.strip():
        return []
    if text.lstrip().startswith("["):
        try:
            return read_strict_json(text)
        except BadJsonError as error:
            raise ConfigError(f"{key}={text}: {error}") from error
        except NotJsonError:
            raise _mangled(text, type_text(annotation), key) from None
    if text[0] in "({":
        raise _mangled(text, type_text(annotation), key)
    if any(_holds_values(item) for item in (items if isinstance(items, tuple) else (items,))):
        raise ConfigError(
            f"{key} must be {with_article(type_text(annotation))}, not {text}: write JSON in "
            f"single quotes, or one element at a time, as in {key}.0=..."
        )
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > 1 and not parts[-1]:
        parts.pop()  # `64,` is a list of one
    if "" in parts:
        raise ConfigError(f"{key}={text} has an empty element between its commas")
    last = len(items) - 1 if isinstance(items, tuple) else 0
    types_ = items if isinstance(items, tuple) else (items,)
    return [read_text(part, types_[min(i, last)], f"{key}.{i}") for i, part in enumerate(parts)]


def _holds_values(annotation: Any) -> bool:
    """Whether a type is itself a list or mapping: its elements cannot stand between commas."""
    return typing.get_origin(_bare(annotation)) in (list, tuple, dict)


def _read_mapping(text: str, key: str) -> Any:
    if not text.strip():
        return {}
    if not text.lstrip().startswith("{"):
        name, colon, value = text.partition(":")
        instead = f"{key}.{name}={value}" if name and colon else f"{key}.NAME={text}"
        raise ConfigError(f"{key} must be a mapping: write {instead}")
    try:
        return read_strict_json(text)
    except BadJsonError as error:
        raise ConfigError(f"{key}={text}: {error}") from error
    except NotJsonError:
        raise _mangled(text, "mapping", key) from None


def _python_word(text: str, key: str) -> ConfigError:
    return ConfigError(f"{key}={text}: write {_PYTHON_WORDS[text]}, as JSON has it")


def _mangled(text: str, wanted: str, key: str) -> ConfigError:
    if text.count("[") != text.count("]") or text.count("{") != text.count("}"):
        reason = "its brackets do not match: the shell may have split it at a space"
    elif '"' not in text:
        reason = "the shell may have taken its quotes away"
    else:
        reason = "it is not valid JSON"
    return ConfigError(f"{key}={text} is no {wanted}: {reason}; {_QUOTE}, as in '{key}=...'")
