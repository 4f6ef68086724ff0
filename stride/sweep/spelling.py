"""How dimensions are typed: `1e-4,3e-4`, `range:3`, `log:1e-5:1e-1`; the schema decides.

===================  ==========================================================================
`1e-4,3e-4`          these values; for a key that takes a list `64,64` is one value
`choice:a,b`         the same; of a key that takes a list, `choice:64,64/32` has two
`range:3`            0, 1, 2; `range:1:9:2` is 1, 3, 5, 7
`uniform:0:1`        any number from 0 to 1
`log:1e-5:1e-1`      any number, its logarithm spread evenly; whole numbers for such a key
`log:1e-5:1e-1:5`    five numbers spread so; `uniform:0:1:5` five spread evenly
`int:1:8`            1 to 8, both included; `int:8:64:8` in steps of 8
`value:a,b`          no dimension: the text behind the colon as one value
===================  ==========================================================================
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any, Final

from stride.config.elements import takes_list
from stride.config.validation import checked, fits
from stride.config.values import read_text
from stride.errors import ConfigError
from stride.sweep.space import Choice, Dimension, Real, Whole

FORMS: Final = ("choice", "range", "uniform", "log", "int", "value")
MOST: Final = 10_000
"""Values of one dimension."""

_FORM: Final = re.compile(rf"({'|'.join(FORMS)}):(.*)", re.DOTALL)


def may_vary(text: str) -> bool:
    """Whether a text may be a dimension: without the schema this is all that can be said."""
    return "," in text or _FORM.fullmatch(text) is not None


def plain_text(text: str) -> str:
    """A text that is one value, without the `value:` that says so."""
    return text.removeprefix("value:")


def first_text(text: str) -> str:
    """The first alternative of a text, for a key that names a thing."""
    form = _FORM.fullmatch(text)
    return (form[2] if form else text).partition(",")[0]


def read_dimension(text: str, annotation: Any, key: str) -> Dimension | None:
    """The dimension that a text means for a key of this type; None where it is one value.

    Raises:
        ConfigError: malformed, or of a type that the key does not take.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        return _read_bare(text, annotation, key)
    kind, rest = form[1], form[2]
    if kind == "value":
        return None
    if kind == "choice":
        several = "/" if takes_list(annotation) else ","
        return _choice([read_text(part, annotation, key) for part in rest.split(several)],
                       annotation, key)  # fmt: skip
    numbers = rest.split(":")
    if kind == "range":
        return _choice(_range(numbers, text, key), annotation, key)
    return _read_span(kind, numbers, text, annotation, key)


def dimension_of(values: Sequence[Any], annotation: Any, key: str) -> Choice:
    """The dimension of values that are JSON already, as a sweep file has them.

    Raises:
        ConfigError: none, one twice, or one that the key does not take.
    """
    return _choice(values, annotation, key)


def _read_bare(text: str, annotation: Any, key: str) -> Dimension | None:
    """Commas separate alternatives, unless the schema reads the whole as one list."""
    if "," not in text:
        return None
    try:
        whole = read_text(text, annotation, key)
    except ConfigError:
        whole = text
    if not isinstance(whole, str) and fits(whole, annotation):
        return None
    parts = text.split(",")
    if "" in map(str.strip, parts):
        raise ConfigError(f"{key}={text} has an empty alternative between its commas")
    return _choice([read_text(part, annotation, key) for part in parts], annotation, key)


def _choice(values: Sequence[Any], annotation: Any, key: str) -> Choice:
    if not values:
        raise ConfigError(f"{key}: there is no value to choose from")
    if len(values) > MOST:
        raise ConfigError(f"{key}: {len(values)} values are more than {MOST}")
    good = [checked(value, annotation, key) for value in values]
    told = [json.dumps(value, sort_keys=True) for value in good]
    for value in told:
        if told.count(value) > 1:
            raise ConfigError(f"{key}: {value} stands twice among its values; give each once")
    return Choice(values=tuple(good))


def _range(numbers: Sequence[str], text: str, key: str) -> list[int]:
    if not 1 <= len(numbers) <= 3 or not all(map(_is_whole, numbers)):
        raise ConfigError(f"{key}={text}: a range is range:3, range:1:4 or range:0:10:2")
    arguments = [int(number) for number in numbers]
    if len(arguments) == 3 and arguments[2] == 0:
        raise ConfigError(f"{key}={text}: a range cannot go in steps of 0")
    values = range(*arguments)
    if len(values) > MOST:
        raise ConfigError(f"{key}: {len(values)} values are more than {MOST}")
    if not values:
        raise ConfigError(f"{key}={text}: the range is empty")
    return list(values)


def _read_span(
    kind: str, numbers: Sequence[str], text: str, annotation: Any, key: str
) -> Dimension:
    example = {"int": "int:1:8", "uniform": "uniform:0:1", "log": "log:1e-5:1e-1"}[kind]
    if len(numbers) not in (2, 3):
        raise ConfigError(f"{key}={text}: write two ends, as in {key}={example}")
    low, high = (_number(number, text, example, key) for number in numbers[:2])
    if low >= high:
        raise ConfigError(f"{key}={text}: the first end must be less than the second")
    if kind == "log" and low <= 0:
        raise ConfigError(f"{key}={text}: a logarithm begins above 0")
    if kind != "int" and len(numbers) == 3:
        return _choice(_spread(kind, low, high, numbers[2], text, annotation, key), annotation, key)
    whole = kind == "int" or (fits(1, annotation) and not fits(0.5, annotation))
    if not whole:
        for end in (low, high):
            checked(end, annotation, key)
        return Real(low=low, high=high, log=kind == "log")
    if low != int(low) or high != int(high):
        raise ConfigError(f"{key}={text}: {key} takes whole numbers, and so must its ends be")
    ends = (int(low), int(high))
    for whole_end in ends:
        checked(whole_end, annotation, key)
    step = numbers[2] if len(numbers) == 3 else "1"
    if not _is_whole(step) or int(step) < 1:
        raise ConfigError(f"{key}={text}: steps are whole and at least 1")
    last = ends[1] - (ends[1] - ends[0]) % int(step)
    return Whole(low=ends[0], high=last, step=int(step), log=kind == "log")


def _spread(
    kind: str, low: float, high: float, count: str, text: str, annotation: Any, key: str
) -> list[Any]:
    """So many numbers between two ends, both included."""
    if not _is_whole(count) or not 2 <= int(count) <= MOST:
        raise ConfigError(f"{key}={text}: the third number says how many, from 2 to {MOST}")
    last = int(count) - 1
    if kind == "log":
        share = math.log(high / low)
        values = [low * math.exp(share * index / last) for index in range(last)]
    else:
        values = [low + (high - low) * index / last for index in range(last)]
    spread = [float(f"{value:.6g}") for value in values] + [high]
    if fits(1, annotation) and not fits(0.5, annotation):
        return list(dict.fromkeys(round(value) for value in spread))
    return spread


def _number(text: str, whole: str, example: str, key: str) -> float:
    number = read_text(text, float, key)
    if isinstance(number, str):
        raise ConfigError(f"{key}={whole}: {text!r} is no number; write it as in {key}={example}")
    return float(number)


def _is_whole(text: str) -> bool:
    return re.fullmatch(r"[+-]?[0-9]{1,18}", text) is not None
