"""The nearest word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.config.nearest import nearest


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("hiden_dims", "hidden_dims"),
        ("HIDDEN-DIMS", "hidden_dims"),
        ("adamw", "AdamW"),
        ("x", None),
    ],
)
def test_the_nearest_word_is_found_in_any_case(word: str, meant: str | None) -> None:
    assert nearest(word, ["hidden_dims", "Adam", "AdamW", "SGD"]) == meant


@given(st.lists(st.text(min_size=1), min_size=1), st.data())
def test_a_word_that_is_there_is_nearest_to_itself(words: list[str], data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(words))
    found = nearest(word, [word])
    assert found == word
    assert nearest(word, words) in words
