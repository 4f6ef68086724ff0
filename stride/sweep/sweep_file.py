"""The sweep file: a sweep written down, in JSON, YAML or TOML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stride.config.config_file import read_config_file
from stride.config.nearest import nearest
from stride.errors import ConfigError

_TEXTS = ("name", "sampler", "pruner", "metric", "direction")
_NUMBERS = ("trials", "seed")
_MAPPINGS = ("config", "space", "sampler_options", "pruner_options")


@dataclass(frozen=True)
class SweepFile:
    """What a sweep file says; the command line says it over again.

    Attributes:
        config: dotted keys that every trial has, with their values.
        space: dotted keys with a list of values, or a text as it is typed.
        texts, numbers: of the options that are called so on the command line.
        options: of the sampler and of the pruner.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    space: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_sweep_file(path: Path) -> SweepFile:
    """Read a sweep file.

    Raises:
        ConfigError: it cannot be read, or has a key that is none or of a wrong type.
    """
    tree = read_config_file(path)
    for key, value in tree.items():
        _check(path, key, value)
    return SweepFile(
        config=dict(_dotted(tree.get("config", {}))),
        space=dict(_dotted(tree.get("space", {}))),
        texts={key: tree[key] for key in _TEXTS if key in tree},
        numbers={key: tree[key] for key in _NUMBERS if key in tree},
        options={key: tree[key] for key in ("sampler_options", "pruner_options") if key in tree},
    )


def _check(path: Path, key: str, value: Any) -> None:
    known = (*_MAPPINGS, *_TEXTS, *_NUMBERS)
    if key not in known:
        near = nearest(key, known)
        hint = f"did you mean {near}?" if near else f"it has {', '.join(known)}"
        raise ConfigError(f"{path}: a sweep file has no key {key}; {hint}")
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    fits = (
        isinstance(value, Mapping)
        if key in _MAPPINGS
        else (whole if key in _NUMBERS else isinstance(value, str))
    )
    if not fits:
        wanted = "a mapping" if key in _MAPPINGS else "a number" if key in _NUMBERS else "a text"
        raise ConfigError(f"{path}: {key} must be {wanted}")


def _dotted(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves by dotted key; keys may be nested, dotted, or both."""
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from _dotted(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
