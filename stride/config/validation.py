"""Checking one value against its type, with a sentence that people understand."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
from pydantic_core import ErrorDetails

from stride.config.signature import Signature
from stride.config.type_text import type_text
from stride.errors import ConfigError

_WORDS: Final = {
    "int_type": "an integer",
    "float_type": "a number",
    "string_type": "a string",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "path_type": "a path",
    "none_required": "null",
}
_BOUNDS: Final = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


def checked(value: Any, annotation: Any, key: str) -> Any:
    """The value in the form that the type gives it: 1 becomes 1.0 where a number is wanted.

    Args:
        value: JSON.
        annotation: a type, or Any.
        key: dotted, for the sentence.

    Raises:
        ConfigError: it is not of the type; true and false are no numbers, nan and inf neither.
    """
    adapter = _adapter(annotation)
    if adapter is None:
        return value
    try:
        return adapter.dump_python(_validate(adapter, value), mode="json")
    except ValidationError as error:
        raise ConfigError(_sentence(error, value, annotation, key)) from error


def fits(value: Any, annotation: Any) -> bool:
    """Whether the value is of the type."""
    adapter = _adapter(annotation)
    if adapter is None:
        return True
    try:
        _validate(adapter, value)
    except ValidationError:
        return False
    return True


def to_python(signature: Signature, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON arguments of a thing as its annotations want them: paths as Path, tuples as tuple.

    Arguments whose type is not known, that are null, or that are not of their type stay as they
    are: what they are called with then says what is wrong.
    """
    annotations = {item.name: item.annotation for item in signature.parameters}
    converted = dict(arguments)
    for name, value in arguments.items():
        adapter = _adapter(annotations.get(name, Any))
        if adapter is not None and value is not None:
            with contextlib.suppress(ValidationError):
                converted[name] = _validate(adapter, value)
    return converted


def _validate(adapter: TypeAdapter[Any], value: Any) -> Any:
    # As JSON, because strict Python has tuples that lists are not, and paths that strings are not.
    return adapter.validate_json(json.dumps(value))


def _adapter(annotation: Any) -> TypeAdapter[Any] | None:
    if annotation is Any:
        return None
    try:
        return _cached_adapter(annotation)
    except TypeError:  # an annotation with metadata that has no hash
        return _build_adapter(annotation)


def _build_adapter(annotation: Any) -> TypeAdapter[Any] | None:
    try:
        return TypeAdapter(annotation, config=ConfigDict(strict=True, allow_inf_nan=False))
    except (PydanticSchemaGenerationError, PydanticUserError):
        return None  # nothing that can be checked: as Any


_cached_adapter = functools.lru_cache(maxsize=512)(_build_adapter)


def _sentence(error: ValidationError, value: Any, annotation: Any, key: str) -> str:
    details = error.errors(include_url=False)
    telling = [item for item in details if item["type"] not in _WORDS and _words(item)]
    candidates = telling or (details if len(details) == 1 else [])
    what = _words(candidates[0]) if candidates else None
    where, found = _locate(candidates[0]["loc"], value) if what else ("", value)
    if what is None or (not where and not telling):
        what = with_article(type_text(annotation))
    shown = json.dumps(found, ensure_ascii=False).replace("NaN", "nan").replace("Infinity", "inf")
    return f"{key}{where} must be {what}, not {shown if len(shown) <= 60 else shown[:57] + '...'}"


def _locate(location: tuple[int | str, ...], value: Any) -> tuple[str, Any]:
    """The part of the value that is meant; members of a union are in the location too, skipped."""
    where = ""
    for part in location:
        inside_list = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if inside_list or (isinstance(value, Mapping) and part in value):
            value = value[part]
            where += f".{part}"
    return where, value


def _words(error: ErrorDetails) -> str | None:
    """What is wanted, where pydantic's error says it by itself."""
    kind = error["type"]
    if kind in _BOUNDS:
        words, name = _BOUNDS[kind]
        limit = error["ctx"][name]
        return f"{words} {int(limit) if limit == int(limit) else limit}"
    if kind == "value_error":
        return str(error["ctx"]["error"]).removeprefix("must be ")
    if kind == "finite_number":
        return "a finite number"
    return _WORDS.get(kind)


def with_article(words: str) -> str:
    """`an integer`, `a list of integers`, but plain `true or false`."""
    if words.startswith(('"', "true", "null", "any ")):
        return words
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"
