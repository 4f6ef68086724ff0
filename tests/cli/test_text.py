"""Text on a screen: width, cutting, and control characters."""

from hypothesis import given
from hypothesis import strategies as st

from stride.cli.text import cut, harmless, shortened, width_of


def test_a_wide_character_takes_two_columns_and_a_combining_mark_none() -> None:
    assert width_of("abc") == 3
    assert width_of("学習") == 4
    assert width_of("e\u0301") == 1


def test_what_is_cut_ends_in_an_ellipsis() -> None:
    assert cut("val_accuracy", 6) == "val_a…"
    assert cut("学習率", 4) == "学…"
    assert cut("short", 5) == "short"


@given(st.text(), st.integers(min_value=1, max_value=20))
def test_cut_text_never_takes_more_columns_than_it_may(text: str, width: int) -> None:
    assert width_of(cut(text, width)) <= width
    assert width_of(shortened(text, width)) <= width


def test_of_a_path_the_end_is_kept() -> None:
    assert shortened("/home/me/nets/wide.py:Net", 12) == "…wide.py:Net"
    assert shortened("a word and/or two", 8) == "a word …"


@given(st.text())
def test_harmless_text_is_one_line_that_no_terminal_obeys(text: str) -> None:
    assert "\x1b" not in harmless(text)
    assert len(harmless(text).splitlines()) <= 1


def test_an_escape_sequence_is_shown_and_letters_of_any_script_stay() -> None:
    assert harmless("\x1b[31mred") == "\\x1b[31mred"
    assert harmless("a\nb") == "a\\nb"
    assert harmless("größe 学習") == "größe 学習"
