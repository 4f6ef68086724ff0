"""The words for types."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from stride.config.schema import Seed
from stride.config.schema_types import Count
from stride.config.type_text import alternatives, type_text


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int, "integer"),
        (list[int], "list of integers"),
        (list[list[float]], "list of lists of numbers"),
        (list[Any], "list of values"),
        (list[int | None], "list of integers"),
        (list[Literal["a", "b"]], 'list of ("a" or "b")'),
        (tuple[float, float], "list of 2 numbers"),
        (tuple[int, str], "list of integer, string"),
        (dict[str, int], "mapping of integers"),
        (dict[str, list[int]], "mapping of lists of integers"),
        (int | None, "integer or null"),
        (None | int, "integer or null"),
        (float | list[float], "number or list of numbers"),
        (int | float | str, "integer, number or string"),
        (Literal["epoch", "step"], '"epoch" or "step"'),
        (Colour, '"red" or "blue"'),
        (bool, "true or false"),
        (bool | None, "true, false or null"),
        (bool | list[bool], "true, false or list of booleans"),
        (Path | None, "path or null"),
        (Any, "any value"),
        (Count | None, "integer of at least 1 or null"),
        (Seed, "integer"),
        (Annotated[float, Field(gt=0, le=1)], "number of more than 0 and at most 1"),
        (object, "value"),
    ],
)
def test_types_have_words(annotation: Any, words: str) -> None:
    assert type_text(annotation) == words


def test_few_alternatives_can_be_completed() -> None:
    assert alternatives(bool) == ("true", "false")
    assert alternatives(Literal["a", 1] | None) == ("a", "1", "null")
    assert alternatives(Colour) == ("red", "blue")
    assert alternatives(int) == ()
