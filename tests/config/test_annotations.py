"""Annotations reduced to what a config can hold."""

from __future__ import annotations

import ast
import enum
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, Union

import pytest

from stride.config.annotations import annotation_in_source, annotation_understood


class Tensor:
    """Has the name of a tensor."""


class Colour(enum.Enum):
    RED = "red"


def in_source(text: str, **aliases: str) -> Any:
    parsed = {name: ast.parse(value, mode="eval").body for name, value in aliases.items()}
    return annotation_in_source(ast.parse(text, mode="eval").body, parsed)


@pytest.mark.parametrize(
    ("text", "annotation"),
    [
        ("int", int),
        ("pathlib.Path", Path),
        ("str | os.PathLike", str | Path),
        ("Optional[int]", int | None),
        ("typing.Union[int, None, str]", int | None | str),
        ("List[int]", list[int]),
        ("Sequence[float]", list[float]),
        ("list", list[Any]),
        ("tuple[float, float]", tuple[float, float]),
        ("Tuple[int, ...]", list[int]),
        ("dict[str, list[int]]", dict[str, list[int]]),
        ("Mapping", dict[str, Any]),
        ("Literal['a', 'b', 1]", Literal["a", "b", 1]),
        ("'list[int]'", list[int]),
        ("float | Tensor", float),
        ("Tensor | None", None),
        ("list[Tensor]", list[Any]),
        ("Annotated[int, 3]", int),
        ("Unknown", Any),
        ("float | Unknown", Any),
        ("f(x)", Any),
        ("'not python ('", Any),
        ("Any", Any),
        ("Tensor", Any),
    ],
)
def test_source_is_understood(text: str, annotation: Any) -> None:
    assert in_source(text) == annotation


def test_aliases_of_the_module_are_followed_also_in_a_circle() -> None:
    assert in_source("Shape | None", Shape="tuple[Size, ...]", Size="int") == list[int] | None
    assert in_source("Loop", Loop="Loop") is Any
    assert annotation_in_source(None) is Any


@pytest.mark.parametrize(
    ("live", "annotation"),
    [
        (int, int),
        (None, None),
        (Optional[int], int | None),  # noqa: UP045 -- people write it so
        (Union[int, str], int | str),  # noqa: UP007
        (int | Tensor, int),
        (Tensor | None, None),
        (Callable[[int], int], Any),
        (Sequence[int], list[int]),
        (tuple[int, ...], list[int]),
        (tuple[int, str], tuple[int, str]),
        (Mapping[str, int], dict[str, int]),
        (list, list[Any]),
        (Literal["a"], Literal["a"]),
        (Annotated[int, "unit"], Annotated[int, "unit"]),
        (Colour, Colour),
        (Path, Path),
        ("list[int] | None", list[int] | None),
        (object, Any),
        (Any, Any),
        (3, Any),
    ],
)
def test_live_annotations_are_understood(live: Any, annotation: Any) -> None:
    assert annotation_understood(live) == annotation
