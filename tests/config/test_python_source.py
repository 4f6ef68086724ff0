"""Python files parsed, never run."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from stride.config.python_source import NotConstant, PythonSource


def source_of(text: str, folder: Path) -> PythonSource:
    path = folder / "module.py"
    path.write_text(text)
    return PythonSource(path)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("3", 3),
        ("-1e-3", -1e-3),
        ("(1, [2, 3])", (1, [2, 3])),
        ("{'a': None}", {"a": None}),
        ("2 * N + 1", 9),
        ("2 ** 10", 1024),
        ("1.0 / 3", 1 / 3),
        ("7 // 2 - 1", 2),
        ("not True", False),
        ("M", 4),
    ],
)
def test_constant_expressions_have_a_value(expression: str, value: Any, tmp_path: Path) -> None:
    source = source_of("N = 4\nM = N\n", tmp_path)
    assert source.value(ast.parse(expression, mode="eval").body) == value


@pytest.mark.parametrize(
    "expression", ["f()", "gone", "1 / 0", "9 ** 9999", "{**a}", "'a' + 'b'", "...", "LOOP", "x.y"]
)
def test_others_are_not_guessed(expression: str, tmp_path: Path) -> None:
    source = source_of("LOOP = LOOP\n", tmp_path)
    with pytest.raises(NotConstant):
        source.value(ast.parse(expression, mode="eval").body)


def test_a_file_is_parsed_and_never_run(tmp_path: Path) -> None:
    text = "raise SystemExit('this must not run')\nclass Net:\n    '''About it.'''\n"
    source = source_of(text, tmp_path)
    assert source.docstring("Net").strip() == "About it."


def test_docstrings_are_put_together_from_their_pieces(tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text('_doc = "b: of the neighbour"\n')
    source = source_of(
        "from .shared import _doc\nfrom .gone import _other\nHERE = 'c: of this file'\n"
        "class Net: pass\n"
        "Net.__doc__ = 'a: plain ' + f'{_doc} {HERE} {_other} {f(x)}'\n",
        tmp_path,
    )
    joined = "a: plain b: of the neighbour c: of this file"
    assert " ".join(source.docstring("Net").split()) == joined
