"""Options of a sampler or pruner: arguments of Optuna's own classes, checked by their signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from stride.config.nearest import nearest
from stride.config.strict_json import read_strict_json
from stride.errors import ConfigError
from stride.sweep.definition import Option
from stride.sweep.quiet import quietly


def read_options(texts: Sequence[str], flag: str) -> dict[str, Option]:
    """Read the `n_startup_trials=5` of `--sampler-option`, several perhaps.

    Raises:
        ConfigError: malformed.
    """
    options: dict[str, Option] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ConfigError(f"{flag} {text}: write NAME=VALUE, as in n_startup_trials=5")
        try:
            found = read_strict_json(value)
        except ValueError:
            found = value
        if not (found is None or isinstance(found, str | int | float)):
            raise ConfigError(f"{flag} {text}: a value is a number, true, false, or a word")
        options[name] = found
    return options


def check_options(
    what: str, build: Callable[..., Any], options: Mapping[str, Option], kept: Collection[str] = ()
) -> None:
    """Whether a class takes the options.

    Args:
        kept: arguments that are not for people to give.

    Raises:
        ConfigError: it does not; or it refuses a value.
    """
    plain = bool, int, float, str
    known = [
        name
        for name, parameter in inspect.signature(build).parameters.items()
        if name not in kept and (parameter.default is None or isinstance(parameter.default, plain)
                                 or parameter.default is inspect.Parameter.empty)
    ]  # fmt: skip
    for name in options:
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near}?" if near else f"it has {', '.join(known) or 'none'}"
            raise ConfigError(f"{what} has no option {name}; {hint}")
    try:
        with quietly():
            build(**options)
    except (TypeError, ValueError) as error:
        said = str(error).partition("\n")[0].removesuffix(".")
        raise ConfigError(f"{what} refuses its options: {said}") from error
