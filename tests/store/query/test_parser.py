"""The language of queries: what can be said, how it is printed, and what an error says."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.errors import QueryError, UsageError
from stride.store.query.parser import parse
from stride.store.query.tree import (
    And,
    Comparison,
    Condition,
    Contains,
    Is,
    Literal,
    Matches,
    Member,
    Name,
    Not,
    Or,
    Value,
    leaves,
    names_in,
)

PRINTED = {
    "val_accuracy > 0.97 and model_name == 'ResNet' and lr in [1e-3, 3e-4]": (
        "val_accuracy > 0.97 and model_name == 'ResNet' and lr in [0.001, 0.0003]"
    ),
    "a<1 or b>2 and c>=3": "a < 1 or b > 2 and c >= 3",
    "(a < 1 or b > 2) and c >= 3": "(a < 1 or b > 2) and c >= 3",
    "not (a < 1 and b > 2)": "not (a < 1 and b > 2)",
    "NOT a IS MISSING AND b = = 3".replace("= =", "=="): "a is not missing and b == 3",
    "3 < a": "a > 3",
    "1e-4 <= lr < 1e-2": "lr >= 0.0001 and lr < 0.01",
    "epoch < max_epochs": "epoch < max_epochs",
    "'paper' in tags": "tags contains 'paper'",
    '"a\'b" not in tags': r"tags not contains 'a\'b'",
    "dims == [64, 64,]": "dims == [64, 64]",
    "dims in ([64], [64, 64])": "dims in [[64], [64, 64]]",
    "x not in ()": "x not in []",
    r"note ~ 'first\s+\d'": r"note ~ 'first\\s+\\d'",
    "not note ~ 'x'": "not note ~ 'x'",
    "note not ~ 'x'": "not note ~ 'x'",
    "a is null or b is not None": "a == null or b != null",
    "a == True and b != False and c == None": "a == true and b != false and c == null",
    "a > .5 and b < -2 and c > +3. and d < -inf and e < inf": (
        "a > 0.5 and b < -2 and c > 3.0 and d < -inf and e < inf"
    ),
    "created > 2026-11-01 and seconds > 2h": "created > '2026-11-01' and seconds > '2h'",
    "val/loss < 1 and top-5 > 2 and `a b` == 1 and `in` == 2": (
        "val/loss < 1 and top-5 > 2 and `a b` == 1 and `in` == 2"
    ),
    "x is nan": "x is nan",
}


@pytest.mark.parametrize("query", PRINTED)
def test_a_query_is_printed_in_one_spelling(query: str) -> None:
    assert str(parse(query)) == PRINTED[query]
    assert str(parse(PRINTED[query])) == PRINTED[query]


def test_names_and_parts_come_from_left_to_right() -> None:
    query = parse("a > 1 and not (b == c or 'x' in d)")
    assert [name.text for name in names_in(query)] == ["a", "b", "c", "d"]
    assert len([*leaves(query)]) == 3
    assert [name.position for name in names_in(query)] == [0, 15, 20, 32]


WRONG = {
    "": "the query is empty; write one as in val_loss < 0.1 (at the end of the query)",
    "lr = 0.1": "a comparison is written == (character 4 of the query: = 0.1)",
    "a == 1 && b == 2": "write and (character 8 of the query: && b == 2)",
    "a == 1 || b == 2": "write or",
    "!a == 1": "write not",
    "a <> 1": "a comparison is written !=",
    "a =~ 'x'": "a text is matched with ~",
    "name like 'res%'": "a text is matched with ~ 'regular expression', or with contains 'part'",
    "a ==": "the query ends where a name or value is wanted (at the end of the query)",
    "a": "a alone asks nothing; compare it, as in a == true",
    "a and b > 1": "a alone asks nothing",
    "a 3": "an operator is missing after a, such as == or < (character 3 of the query: 3)",
    "a == 1 b == 2": "between two conditions stands and or or (character 8 of the query: b == 2)",
    "(a == 1": "a parenthesis is not closed (character 1 of the query: (a == 1)",
    "a == 1)": "there is no parenthesis to close here",
    "a in [1, 2": "a list is not closed (character 6 of the query: [1, 2)",
    "a in [1 2]": "in a list comes , or ] here",
    "a in 3": "in takes a list, as in lr in [1e-3, 3e-4]",
    "3 in [3]": "a value can only be in a name",
    "a in [b]": "a value is wanted here; a text stands in quotes, as 'b'",
    "a == 'open": "the text that begins with ' has no end (character 6 of the query: 'open)",
    "a == nan": "nothing equals nan; write `is nan` or `is not nan`",
    "a in [1, nan]": "nothing equals nan",
    "a > -nan": "nothing equals nan",
    "a < null": "null has no order; compare it with == or !=",
    "a >= [1]": "[1] has no order",
    "true < a": "true has no order",
    "1 < 2": "both sides are values; one has to be a name",
    "a is 3": "after is comes missing, nan or null; values are compared with ==",
    "len(a) > 3": "there is no function len; texts are matched with ~ or contains",
    "a ~ '('": "'(' is no regular expression: missing ), unterminated subpattern",
    "a ~ 3": "~ takes a text in quotes",
    "a > 3x": "3x is no number; a name that begins with a digit is written in backticks, `3x`",
    "a > 1e999": "the number is too large; write inf if that is meant",
    "a - b > 1": "a query does not calculate",
    "a > $b": "'$' has no meaning in a query",
    "(" * 200 + "a > 1" + ")" * 200: "the query has more than 50 levels; write it flatter",
    "not " * 200 + "a > 1": "the query has more than 50 levels",
    "a == " + "[" * 200: "the query has more than 50 levels",
    "a > " + "9" * 5000: "a number has at most 400 digits",
    "a" * 100_001: "the query has 100001 characters; 100000 are possible",
}


@pytest.mark.parametrize("query", WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_one_sentence_with_the_place(query: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert str(caught.value).startswith(WRONG[query])
    assert isinstance(caught.value, UsageError)


def test_the_error_has_the_position() -> None:
    with pytest.raises(QueryError) as caught:
        parse("a == 1 and lr = 3")
    assert caught.value.position == 14


names = st.text(st.characters(exclude_characters="`"), min_size=1).map(Name)
scalars: st.SearchStrategy[Value] = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=5)
ordered = st.integers() | st.floats(allow_nan=False) | st.text()
literals = values.map(Literal)
conditions: st.SearchStrategy[Condition] = st.recursive(
    st.builds(Comparison, names, st.sampled_from(["==", "!="]), names | literals)
    | st.builds(
        Comparison, names, st.sampled_from(["<", "<=", ">", ">="]), names | ordered.map(Literal)
    )
    | st.builds(Member, names, st.lists(values, max_size=3).map(tuple))
    | st.builds(Contains, names, literals)
    | st.builds(Matches, names, st.sampled_from(["a", r"\d'", '"', "(?i)x"]).map(Literal))
    | st.builds(Is, names, st.sampled_from(["missing", "nan"])),
    lambda inner: (
        inner.map(Not)
        | st.lists(inner, min_size=2, max_size=4).map(lambda parts: And(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=4).map(lambda parts: Or(tuple(parts)))
    ),
    max_leaves=8,
)


@given(conditions)
def test_what_is_printed_is_read_as_the_same(condition: Condition) -> None:
    read = parse(str(condition))
    assert repr(_without_positions(read)) == repr(_without_positions(condition))
    assert read == condition


def _without_positions(condition: Condition) -> object:
    match condition:
        case Not(inner):
            return ("not", _without_positions(inner))
        case And(parts) | Or(parts):
            return (type(condition), [_without_positions(part) for part in parts])
        case Comparison(name, operator, Literal(value)):
            return (name.text, operator, value)
        case Comparison(name, operator, Name(text)):
            return (name.text, operator, "name", text)
        case Member(name, values):
            return (name.text, "in", values)
        case Contains(name, literal) | Matches(name, literal):
            return (type(condition), name.text, literal.value)
        case Is(name, what):
            return (name.text, "is", what)


words = st.sampled_from(
    [
        "and",
        "or",
        "not",
        "in",
        "is",
        "missing",
        "contains",
        "(",
        ")",
        "[",
        "]",
        ",",
        "==",
        "<",
        "~",
        "nan",
        "inf",
        "-",
        "null",
        "a",
        "lr",
        "'x'",
        "'(*'",
        "1",
        ".5",
        "1e400",
        "`",
        "\\",
        "created",
    ]
)


@given(st.text() | st.lists(words).map(" ".join) | st.lists(words).map("".join))
def test_any_text_is_a_query_or_an_error_of_ours(text: str) -> None:
    try:
        condition = parse(text)
    except QueryError as error:
        assert error.position is None or 0 <= error.position <= len(text)
    else:
        assert parse(str(condition)) == condition


def test_infinity_is_a_number() -> None:
    condition = parse("a < inf")
    assert isinstance(condition, Comparison)
    assert condition.other == Literal(math.inf)
