"""The answer: strict JSON, one document."""

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.cli import answer
from stride.store.record import Status

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_whatever_is_answered_is_strict_json(value: object) -> None:
    text = json.dumps(answer.plain(value), allow_nan=False)
    assert json.loads(text) == answer.plain(value)


def test_numbers_that_are_not_finite_become_text() -> None:
    assert answer.plain({"a": float("nan"), "b": [float("-inf")]}) == {"a": "nan", "b": ["-inf"]}


def test_paths_enums_and_tuples_become_what_json_has() -> None:
    assert answer.plain((Path("exp"), Status.CREATED)) == ["exp", "created"]


@pytest.mark.parametrize("elements", [[], [{"run": "0"}], [1, 2, 3]])
def test_an_array_has_one_element_a_line(
    elements: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    answer.write_json_array(iter(elements))
    text = capsys.readouterr().out
    assert json.loads(text) == elements
    assert text.count("\n") == (len(elements) + 2 if elements else 1)


@pytest.mark.parametrize("elements", [[], [1], [{"run": "0"}, 2]])
def test_a_live_array_has_only_whole_lines(
    elements: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    texts = []

    def values() -> Iterator[object]:
        for element in elements:
            yield element
            texts.append(capsys.readouterr().out)

    answer.write_json_array(values(), live=True)
    assert all(text.endswith("\n") for text in texts)
    assert json.loads("".join(texts) + capsys.readouterr().out) == elements


def test_a_note_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    answer.note("beside the answer")
    assert capsys.readouterr() == ("", "beside the answer\n")


@given(st.text())
def test_no_control_character_stands_as_itself(text: str) -> None:
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        answer.write_json({"text": text})
    assert json.loads(stream.getvalue()) == {"text": text}
    assert not any(0x7F <= ord(letter) <= 0x9F for letter in stream.getvalue())
