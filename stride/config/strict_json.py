"""Strict JSON text: no NaN, no number that overflows, no key twice."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


class NotJsonError(ValueError):
    """The text is not JSON at all."""


class BadJsonError(ValueError):
    """The text is JSON but for one thing that could only mislead; the message names it."""


def read_strict_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        NotJsonError: it is none.
        BadJsonError: it has NaN or Infinity, a number that no float can hold, or a key twice.
    """
    try:
        return json.loads(
            text, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse
        )
    except BadJsonError:
        raise
    except RecursionError as error:
        raise BadJsonError("it is nested too deep") from error
    except ValueError as error:
        if "digits" in str(error):  # Python refuses to read integers of more than 4,300 digits
            raise BadJsonError("it has a number that is too large") from error
        raise NotJsonError(str(error)) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, value in pairs:
        if key in tree:
            raise BadJsonError(f"it has the key {key!r} twice")
        tree[key] = value
    return tree


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise BadJsonError(f"the number {text} is too large")
    return number


def _refuse(text: str) -> NoReturn:
    raise BadJsonError(f"{text} is not a number that JSON has")
