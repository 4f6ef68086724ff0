"""A parameter of a command: an option or argument whose values stay text.

Typer converts every value through pydantic, even one that is only text; its import costs more than
`stride list` needs altogether. The parameters here take text as it is typed, and a command reads
numbers out of it itself.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperArgument, TyperOption

from stride.errors import UsageError


class TextOption(TyperOption):
    """An option whose value is a flag, a text, or several texts."""

    def process_value(self, ctx: Any, value: Any) -> Any:
        """The value as typed, handed to the callback where there is one."""
        return _process(self, ctx, value)


class TextArgument(TyperArgument):
    """An argument whose value is a text, or several texts."""

    def process_value(self, ctx: Any, value: Any) -> Any:
        """The value as typed, handed to the callback where there is one."""
        return _process(self, ctx, value)


def as_text(parameter: Any) -> Any:
    """Make a parameter that Typer built one of text: the same object, as Typer compares them so."""
    if type(parameter) is TyperOption:
        parameter.__class__ = TextOption
    elif type(parameter) is TyperArgument:
        parameter.__class__ = TextArgument
    return parameter


def _process(parameter: TextOption | TextArgument, ctx: Any, value: Any) -> Any:
    several = parameter.multiple or parameter.nargs == -1
    if several:
        value = tuple(value or ())
    if parameter.required and (value is None or value == ()):
        ctx.fail(f"Missing {parameter.param_type_name} {parameter.metavar or parameter.opts[0]}")
    if parameter.callback is not None:
        value = parameter.callback(ctx, parameter, value)
    return value


def fraction(option: str, text: str) -> float:
    """Read a number from 0 to 1 that an option was given.

    Raises:
        UsageError: it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise UsageError(f"{option} takes a number from 0 to 1, not {text!r}")
    return value


def whole_number(option: str, text: str, *, minimum: int = 0) -> int:
    """Read a whole number that an option was given.

    Raises:
        UsageError: it is none, or below `minimum`.
    """
    if not text.isascii() or not text.isdigit() or int(text) < minimum:
        raise UsageError(f"{option} takes a whole number of at least {minimum}, not {text!r}")
    return int(text)
