"""Overrides: `a.b=c`, as people type them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stride.config.dotted import join_key, split_key
from stride.config.places import expand_home
from stride.errors import ConfigError

ADDRESSES: Final = ("work_dir", "run")
"""Keys that say where, not what: given like overrides, never part of a config."""

_FORBIDDEN: Final = re.compile(r"""[\[\]{}()"'`“”‘’<>|&;,$*?\x00-\x1f\x7f]""")


@dataclass(frozen=True)
class Override:
    """One setting as text; what the text means is for the schema to say."""

    path: tuple[str, ...]
    text: str

    @property
    def key(self) -> str:
        """The dotted key."""
        return join_key(self.path)

    def __str__(self) -> str:
        return f"{self.key}={self.text}"


def parse_override(text: str) -> Override:
    """Read `a.b=c`; everything after the first `=` is the value, also further `=`.

    Raises:
        ConfigError: malformed; the sentence shows how to write it, or to quote it where a shell has
            visibly taken it apart.
    """
    key, equals, value = text.partition("=")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"{text!r} is not valid UTF-8 text") from error
    if not equals:
        raise ConfigError(f"{text!r} is not an override: {_without_equals(text)}")
    return Override(_parse_key(key, text), value)


def parse_removal(text: str) -> tuple[str, ...]:
    """Read the `a.b` of `--remove a.b`.

    Raises:
        ConfigError: malformed.
    """
    if "=" in text:
        key = text.partition("=")[0]
        raise ConfigError(f"--remove takes a key alone: write --remove {key or 'a.b'}")
    return _parse_key(text, text)


def addresses(
    overrides: Sequence[Override],
) -> tuple[str | None, str | None, tuple[Override, ...]]:
    """Take `work_dir=` and `run=` out of the overrides; the last of each counts.

    A `~/` at the start of work_dir is expanded.

    Returns:
        work_dir, run (None where not given), and the other overrides in order.

    Raises:
        ConfigError: one of them is empty.
    """
    found: dict[str, str] = {}
    rest = []
    for override in overrides:
        if len(override.path) == 1 and override.path[0] in ADDRESSES:
            if not override.text:
                raise ConfigError(f"{override.key}= is empty: give it a value")
            is_folder = override.path[0] == "work_dir"
            found[override.path[0]] = expand_home(override.text) if is_folder else override.text
        else:
            rest.append(override)
    return found.get("work_dir"), found.get("run"), tuple(rest)


def _parse_key(key: str, whole: str) -> tuple[str, ...]:
    if not key:
        raise ConfigError(f"{whole!r} has no key before the '=': write a.b={whole[1:] or 'VALUE'}")
    if key[0] in "+-~":
        bare = key.lstrip("+-~")
        instead = f"--remove {bare}" if key[0] == "~" else f"{bare}=VALUE"
        raise ConfigError(f"the key {key!r} begins with {key[0]!r}: write {instead}")
    index = re.fullmatch(r"([\w.]+)\[(\d+)\]", key)
    if index:
        raise ConfigError(f"{key!r} is not a key: write {index[1]}.{index[2]} for an element")
    path = split_key(key)
    if not all(path):
        raise ConfigError(f"the key {key!r} has an empty part between its dots: write a.b=VALUE")
    if _FORBIDDEN.search(key):
        raise ConfigError(
            f"{key!r} is not a key; where a shell has taken the argument apart, put all of it in "
            "single quotes"
        )
    if any(part != part.strip() for part in path):
        raise ConfigError(f"the key {key!r} has spaces in it: write a.b=VALUE, without spaces")
    return path


def _without_equals(text: str) -> str:
    if not text.strip():
        return "it is empty; write a.b=VALUE"
    colon = re.fullmatch(r"([\w.]+):\s*(.*)", text, re.DOTALL)
    if colon and not _FORBIDDEN.search(colon[2]):
        return f"it has no '='; write {colon[1]}={colon[2] or 'VALUE'}"
    if _FORBIDDEN.search(text) or ":" in text:
        return (
            "it looks like a piece of a value that the shell has taken apart; put the whole "
            "argument in single quotes, as in 'a.b=[1, 2]'"
        )
    return f"it has no '='; write {text.strip()}=VALUE"
