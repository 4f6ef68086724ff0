"""Reading a query: from its tokens to the tree, with a hint where another language was meant."""

from __future__ import annotations

import math
import re
import warnings
from typing import Final

from stride.errors import QueryError
from stride.store.query.slips import left_over, no_value, unfinished
from stride.store.query.tokens import Token, read_tokens, refuse
from stride.store.query.tree import (
    MIRRORED,
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
    value_text,
)

DEEPEST: Final = 50
"""Parentheses, `not`s and lists inside each other."""

_CONSTANTS: Final[dict[str, Value]] = {
    "true": True,
    "false": False,
    "null": None,
    "none": None,
    "inf": math.inf,
}
_ORDER: Final = frozenset({"<", "<=", ">", ">="})
_NOT_A_NUMBER: Final = "nothing equals nan; write `is nan` or `is not nan`"


def parse(query: str) -> Condition:
    """Read a query.

    Raises:
        QueryError: with the place and, where it can be guessed, with what was meant.
    """
    return _Parser(query).parse()


class _Parser:
    """One reading of one query, a method a rule; the token at hand is the next to be read."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._tokens = read_tokens(query)
        self._next = 0
        self._depth = 0

    def parse(self) -> Condition:
        if self._token.kind == "end":
            raise self._refuse("the query is empty; write one as in val_loss < 0.1")
        condition = self._either()
        if self._token.kind != "end":
            raise self._refuse(left_over(self._token))
        return condition

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._token
        self._next += 1
        return token

    def _is(self, *texts: str, ahead: int = 0) -> bool:
        """Whether the next tokens are words or signs of these texts; quoted texts are none."""
        tokens = self._tokens[self._next + ahead : self._next + ahead + len(texts)]
        return len(tokens) == len(texts) and all(
            token.kind in ("word", "sign") and token.text == text
            for token, text in zip(tokens, texts, strict=True)
        )

    def _accept(self, *texts: str) -> bool:
        if not self._is(*texts):
            return False
        self._next += len(texts)
        return True

    def _refuse(self, what: str, token: Token | None = None) -> QueryError:
        return refuse(what, self._query, (token or self._token).position)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refuse(f"the query has more than {DEEPEST} levels; write it flatter")

    def _either(self) -> Condition:
        conditions = [self._both()]
        while self._accept("or"):
            conditions.append(self._both())
        return conditions[0] if len(conditions) == 1 else Or(tuple(conditions))

    def _both(self) -> Condition:
        conditions = [self._negated()]
        while self._accept("and"):
            conditions.append(self._negated())
        return conditions[0] if len(conditions) == 1 else And(tuple(conditions))

    def _negated(self) -> Condition:
        if not (self._is("not") or self._is("(")):
            return self._comparison()
        self._deeper()
        if self._accept("not"):
            condition: Condition = Not(self._negated())
        else:
            opening = self._take()
            condition = self._either()
            if not self._accept(")"):
                if self._token.kind == "end":
                    raise self._refuse("a parenthesis is not closed", opening)
                raise self._refuse(left_over(self._token))
        self._depth -= 1
        return condition

    def _comparison(self) -> Condition:
        left = self._operand()
        if self._accept("is"):
            return self._is_what(left)
        negated = self._is("not") and (
            self._is("in", ahead=1) or self._is("contains", ahead=1) or self._is("~", ahead=1)
        )
        if negated:
            self._take()
        condition = self._containment(left)
        if condition is None:
            return self._chain(left)
        return Not(condition) if negated else condition

    def _containment(self, left: Name | Literal) -> Condition | None:
        """What follows `in`, `contains` and `~`; None where none of them is next."""
        if self._accept("in"):
            return self._member(left)
        if self._accept("contains"):
            return Contains(self._named(left), self._value())
        if self._accept("~"):
            return Matches(self._named(left), self._pattern())
        return None

    def _member(self, left: Name | Literal) -> Condition:
        token = self._token
        if isinstance(left, Literal):
            if token.kind == "name":
                return Contains(self._name(), left)
            raise self._refuse("a value can only be in a name, as in 'paper' in tags")
        if self._is("("):
            values = self._list("(", ")")
        elif self._is("["):
            values = self._list("[", "]")
        else:
            raise self._refuse("in takes a list, as in lr in [1e-3, 3e-4]")
        return Member(left, values, token.position)

    def _pattern(self) -> Literal:
        literal = self._value()
        if not isinstance(literal.value, str):
            raise refuse("~ takes a text in quotes", self._query, literal.position)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                re.compile(literal.value)
        except (re.error, OverflowError, RecursionError) as error:
            what = f"{value_text(literal.value)} is no regular expression: {error}"
            raise refuse(what, self._query, literal.position) from error
        return literal

    def _is_what(self, left: Name | Literal) -> Condition:
        name = self._named(left)
        negated = self._accept("not")
        condition: Condition
        if self._accept("missing"):
            condition = Is(name, "missing")
        elif self._accept("nan"):
            condition = Is(name, "nan")
        elif self._is("null") or self._is("none"):
            literal = Literal(None, self._take().position)
            return Comparison(name, "!=" if negated else "==", literal)
        else:
            raise self._refuse("after is comes missing, nan or null; values are compared with ==")
        return Not(condition) if negated else condition

    def _chain(self, left: Name | Literal) -> Condition:
        """One comparison, or several in a row: `1e-4 <= lr < 1e-2`."""
        found: list[Condition] = []
        while self._token.kind == "sign" and self._token.text in MIRRORED:
            operator = self._take()
            right = self._operand()
            found.append(self._pair(left, operator, right))
            left = right
        if not found:
            raise self._refuse(unfinished(left, self._token))
        return found[0] if len(found) == 1 else And(tuple(found))

    def _pair(self, left: Name | Literal, operator: Token, right: Name | Literal) -> Comparison:
        sign = operator.text
        if isinstance(left, Literal):
            if isinstance(right, Literal):
                raise self._refuse("both sides are values; one has to be a name", operator)
            left, right, sign = right, left, MIRRORED[sign]
        if sign in _ORDER and isinstance(right, Literal):
            value = right.value
            if value is None or isinstance(value, bool | tuple):
                what = f"{value_text(value)} has no order; compare it with == or !="
                raise refuse(what, self._query, right.position)
        return Comparison(left, sign, right)

    def _operand(self) -> Name | Literal:
        return self._name() if self._token.kind == "name" else self._value()

    def _name(self) -> Name:
        token = self._take()
        if self._is("("):
            raise self._refuse(
                f"there is no function {token.text}; texts are matched with ~ or contains", token
            )
        return Name(token.text, token.position)

    def _named(self, operand: Name | Literal) -> Name:
        if isinstance(operand, Literal):
            raise refuse("a name is wanted here", self._query, operand.position)
        return operand

    def _value(self) -> Literal:
        token = self._token
        if token.kind == "sign" and token.text == "[":
            return Literal(self._list("[", "]"), token.position)
        if token.kind == "text":
            return Literal(self._take().text, token.position)
        if token.kind == "number":
            return Literal(self._number(self._take()), token.position)
        if token.kind == "word" and token.text in _CONSTANTS:
            return Literal(_CONSTANTS[self._take().text], token.position)
        if token.kind == "word" and token.text == "nan":
            raise self._refuse(_NOT_A_NUMBER)
        raise self._refuse(no_value(self._token))

    def _list(self, opening: str, closing: str) -> tuple[Value, ...]:
        self._deeper()
        first = self._take()
        values: list[Value] = []
        while not self._accept(closing):
            values.append(self._value().value)
            if not self._accept(",") and not self._is(closing):
                if self._token.kind == "end":
                    raise self._refuse("a list is not closed", first)
                raise self._refuse(f"in a list comes , or {closing} here")
        self._depth -= 1
        return tuple(values)

    def _number(self, token: Token) -> int | float:
        if token.text.endswith("nan"):
            raise self._refuse(_NOT_A_NUMBER, token)
        if len(token.text) > 400:
            raise self._refuse("a number has at most 400 digits", token)
        if re.fullmatch(r"[+-]?[0-9]+", token.text):
            return int(token.text)
        number = float(token.text)
        if math.isinf(number) and "inf" not in token.text:
            raise self._refuse("the number is too large; write inf if that is meant", token)
        return number
