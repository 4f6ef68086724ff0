"""The rebuilding of a config: a stored tree held against the things that are installed today."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from typing import Any

from stride.config.catalog import Catalog
from stride.config.dotted import Path, join_key
from stride.config.format import FORMAT, Tree
from stride.config.outline import Group, Leaf, outline
from stride.config.schema import Config
from stride.config.signature import MISSING, OPAQUE, Absence, Signature
from stride.config.validation import checked
from stride.errors import ConfigError


def rebuilt(
    tree: Tree,
    chosen: frozenset[str],
    catalog: Catalog,
    kinds: Collection[str] | None,
    where: str,
) -> tuple[Config, list[str]]:
    """The config of a stored tree of today's format, and a warning for each key that was dropped.

    Args and Raises: as `stride.config.stored.load_stored`.
    """
    asked = catalog if kinds is None else _Some(catalog, kinds)
    reading = _Reading(chosen)
    kept = reading.group(outline(lambda leaf: _stored_name(tree, leaf), asked), tree)
    if reading.missing:
        raise ConfigError(
            f"{where} does not have {', '.join(reading.missing)}, which the things installed here "
            "need; install the version that trained the run"
        )
    if reading.refused:
        raise ConfigError(
            f"{where}: {', '.join(reading.refused)} was chosen for this run, and the things "
            "installed here do not know it; install the version that trained the run"
        )
    return Config.from_json({"format": FORMAT, **kept}), reading.warnings


def _stored_name(tree: Tree, leaf: Leaf) -> Any:
    value: Any = tree
    for part in leaf.path:
        if not isinstance(value, Mapping) or part not in value:
            return None if isinstance(leaf.default, Absence) else leaf.default
        value = value[part]
    return value


class _Some:
    """A catalog that is asked about some kinds of things only."""

    def __init__(self, catalog: Catalog, kinds: Collection[str]) -> None:
        self._catalog = catalog
        self._kinds = kinds

    def names(self, kind: str) -> tuple[str, ...]:
        return self._catalog.names(kind)

    def signature(self, kind: str, name: str) -> Signature:
        if kind in self._kinds:
            return self._catalog.signature(kind, name)
        return Signature(name, takes_any=True)


class _Reading:
    """A stored tree held against the outline of today."""

    def __init__(self, chosen: frozenset[str]) -> None:
        self._chosen = chosen
        self.refused: list[str] = []
        self.missing: list[str] = []
        self.warnings: list[str] = []

    def group(self, group: Group, stored: Mapping[str, Any]) -> Tree:
        """The values of a group: stored ones that are known, defaults for the others."""
        tree: Tree = {}
        for name, child in group.children.items():
            if isinstance(child, Leaf):
                if name in stored:
                    tree[name] = checked(stored[name], child.annotation, join_key(child.path))
                elif child.default is MISSING:
                    self.missing.append(join_key(child.path))
                elif child.default is not OPAQUE:
                    tree[name] = copy.deepcopy(child.default)
            else:
                inner = stored.get(name, {})
                tree[name] = self.group(child, inner if isinstance(inner, Mapping) else {})
        for name in stored:
            if name not in group.children and (*group.path, name) != ("format",):
                if group.takes_any:
                    tree[name] = copy.deepcopy(stored[name])
                else:
                    self._drop((*group.path, name), group)
        return tree

    def _drop(self, path: Path, group: Group) -> None:
        key = join_key(path)
        if any(f"{chosen}.".startswith(f"{key}.") for chosen in self._chosen):
            self.refused.append(key)
        else:
            owner = f" to {group.owner}" if group.owner else ""
            self.warnings.append(
                f"{key} is not known{owner} any more; it held its default: dropped"
            )
