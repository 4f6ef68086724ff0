"""The keys that a config may have, once it is known which things it names."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from stride.config.differences import flatten, unflatten
from stride.config.keys import Key, every_key
from stride.config.resolution import resolve
from stride.config.schema import Config
from stride.errors import ConfigError
from stride.training.catalog import BuiltinCatalog


def known_keys(names: Iterable[tuple[str, str | None]]) -> list[Key]:
    """All keys, with those of the things named: `("model_kwargs.model_name", "ResNet")`.

    What a thing needs need not be given, unlike when a config is resolved.

    Raises:
        ConfigError: no such key, or a name that picks nothing.
        CodeReferenceError: a reference to the user's own code that does not resolve.
    """
    catalog = BuiltinCatalog()
    config = resolve([], catalog).config
    keys = every_key(config, catalog)
    for path, name in names:
        known = {key.path for key in keys}
        if path not in known:
            near = get_close_matches(path, [each for each in known if each.endswith("_name")], n=1)
            hint = f"; did you mean {near[0]}?" if near else "; stride keys lists all"
            raise ConfigError(f"unknown key {path}{hint}")
        config = Config.from_json(_with_name(config.to_json(), path, name))
        keys = every_key(config, catalog)
    return keys


def _with_name(tree: dict[str, Any], path: str, name: str | None) -> dict[str, Any]:
    """The tree with another thing named; the arguments of the old one go."""
    group = path.rpartition(".")[0]
    leaves = {
        key: value
        for key, value in flatten(tree).items()
        if key.rpartition(".")[0] != group or key.endswith(("_name", "interval", "monitor"))
    }
    return unflatten({**leaves, path: name})
