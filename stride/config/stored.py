"""A stored config, read by a stride that may be newer or older than the one that wrote it."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from stride.config.catalog import KINDS
from stride.config.dotted import Path, join_key
from stride.config.format import FORMAT, MIGRATIONS, Migrations, Tree
from stride.config.signature import MISSING, OPAQUE, Absence, Signature
from stride.errors import ConfigError, NewerFormatError, StoredFileError

if TYPE_CHECKING:
    from stride.config.catalog import Catalog
    from stride.config.outline import Group, Leaf
    from stride.config.schema import Config


def read_stored_config(
    tree: Any,
    where: str = "config.json",
    *,
    migrations: Migrations = MIGRATIONS,
    newest: int = FORMAT,
) -> Tree:
    """A stored tree in the format of today; the argument is not changed, nothing is written.

    Loads no schema: readers of many runs start quickly.

    Args:
        tree: what a config.json holds, of a run or an experiment.
        where: the file, for sentences.
        migrations: the steps.
        newest: the format that they lead to.

    Raises:
        StoredFileError: it is no mapping, or has no format number.
        NewerFormatError: a newer stride wrote it.
    """
    if not isinstance(tree, Mapping):
        raise StoredFileError(f"{where} holds no mapping of keys to values")
    number = tree.get("format")
    if type(number) is not int or number < 1:
        raise StoredFileError(f"{where} has no format number: it is no config of stride")
    if number > newest:
        raise NewerFormatError(
            f"{where} is of format {number} and this stride reads up to {newest}; install a newer "
            "stride"
        )
    current = copy.deepcopy(dict(tree))
    while number < newest:
        current = migrations[number](current)
        number += 1
        current["format"] = number
    return current


def load_stored(
    tree: Any,
    chosen: Collection[str],
    catalog: Catalog,
    *,
    kinds: Collection[str] = KINDS,
    where: str = "config.json",
) -> tuple[Config, list[str]]:
    """The config of a run as this version of stride has it, to rebuild what it names.

    A key that this version does not know and that nobody chose held its default: it is dropped. A
    key that the stored config has not yet gets its default. Paths are left as they stand there.

    Args:
        tree: the run's config.json.
        chosen: the dotted keys that people chose, from its run.json.
        catalog: that knows the things by name; references are imported by it.
        kinds: the kinds of things that will be rebuilt; the arguments of others are kept unchecked,
            and no code of theirs is imported.
        where: the file, for sentences.

    Returns:
        The config, and a warning for each key that was dropped.

    Raises:
        ConfigError: a key that was chosen is not known, or a value is of another type than wanted.
        StoredFileError, NewerFormatError: as `read_stored_config`.
    """
    # Deferred: these load pydantic, and `read_stored_config` serves readers that do without.
    from stride.config.outline import outline
    from stride.config.schema import Config

    current = read_stored_config(tree, where)
    reading = _Reading(frozenset(chosen))
    kept = reading.group(
        outline(lambda leaf: _stored_name(current, leaf), _Some(catalog, kinds)), current
    )
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
        # Deferred with the schema, see `load_stored`.
        from stride.config.outline import Leaf
        from stride.config.validation import checked

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
