"""What a config key, or its value, may be completed to."""

from __future__ import annotations

from collections.abc import Sequence

from stride.cli.known_keys import known_keys
from stride.cli.value import value_text
from stride.config.keys import Key
from stride.config.overrides import ADDRESSES
from stride.config.signature import Absence


def complete(typed: Sequence[str], incomplete: str) -> list[str]:
    """Completions of `model_kwargs.hid`, or of `model_kwargs.model_name=Re`.

    Args:
        typed: the overrides before; the things that they name decide which keys there are.
        incomplete: what the cursor stands behind.

    Raises:
        ConfigError: what was typed before names nothing.
    """
    pairs = [text.partition("=")[::2] for text in typed]
    keys = known_keys([(key, value) for key, value in pairs if key.endswith("_name")])
    name, equals, _ = incomplete.partition("=")
    if equals:
        values = [value for key in keys if key.path == name for value in _values(key)]
        return [text for value in values if (text := f"{name}={value}").startswith(incomplete)]
    fitting = [key for key in keys if key.path.startswith(incomplete)]
    addresses = [f"{word}=" for word in ADDRESSES if word.startswith(incomplete)]
    if len(fitting) == 1 and not addresses:
        # Two candidates: the shell goes on up to the `=` and adds no space behind it.
        return [f"{fitting[0].path}=", *(f"{fitting[0].path}={v}" for v in _values(fitting[0]))]
    return [*addresses, *(f"{key.path}=" for key in fitting)]


def _values(key: Key) -> list[str]:
    """Names of things, alternatives, and the default."""
    default = [] if isinstance(key.default, Absence) else [value_text(key.default)]
    if key.type_text.startswith("true or false"):
        return ["true", "false"]
    return list(dict.fromkeys([*default, *key.choices]))
