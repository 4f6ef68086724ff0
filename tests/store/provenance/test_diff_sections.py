"""Sections of diffs, and differences of diffs."""

from hypothesis import given
from hypothesis import strategies as st

from stride.store.provenance.diff_sections import (
    difference_of_texts,
    path_of_section,
    split_sections,
)

paths = st.text("ab/. ", min_size=1).map(str.strip).filter(bool)
bodies = st.lists(st.binary(max_size=5).map(lambda b: b"+" + b.replace(b"\n", b"")), max_size=3)


@given(st.lists(st.tuples(paths, bodies), max_size=4))
def test_the_sections_together_are_the_diff(files):
    sections = [
        b"\n".join([f"diff --git a/{path} b/{path}".encode(), *body]) + b"\n"
        for path, body in files
    ]
    assert split_sections(b"".join(sections)) == sections
    assert [path_of_section(part) for part in sections] == [path for path, _ in files]


texts = st.dictionaries(st.sampled_from("abc"), st.sampled_from([b"", b"x\n", b"y\n", b"y"]))


@given(texts, texts)
def test_texts_differ_where_they_are_not_the_same(first, second):
    found = [path for path, _ in difference_of_texts(first, second, "text")]
    assert found == [p for p in "abc" if first.get(p, b"") != second.get(p, b"")]


def test_a_difference_is_a_unified_diff_under_a_title():
    ((path, text),) = difference_of_texts({"a": b"one\n"}, {"a": b"two"}, "the file")
    assert path == "a"
    assert text == b"the file a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-one\n+two\n"
