"""A stored config, read by a stride that may be newer or older than the one that wrote it."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from stride.config.format import FORMAT, MIGRATIONS, Migrations, Tree
from stride.errors import NewerFormatError, StoredFileError

if TYPE_CHECKING:
    from stride.config.catalog import Catalog
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
    if number == newest:
        return dict(tree)  # nearly always; a listing does this thousands of times
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
    kinds: Collection[str] | None = None,
    where: str = "config.json",
) -> tuple[Config, list[str]]:
    """The config of a run as this version of stride has it, to rebuild what it names.

    A key that this version does not know and that nobody chose held its default: it is dropped. A
    key that the stored config has not yet gets its default. Paths are left as they stand there.

    Args:
        tree: the run's config.json.
        chosen: the dotted keys that people chose, from its run.json.
        catalog: that knows the things by name; references are imported by it.
        kinds: the kinds of things that will be rebuilt, None for all; the arguments of others are
            kept unchecked, and no code of theirs is imported.
        where: the file, for sentences.

    Returns:
        The config, and a warning for each key that was dropped.

    Raises:
        ConfigError: a key that was chosen is not known, or a value is of another type than wanted.
        StoredFileError, NewerFormatError: as `read_stored_config`.
    """
    # Deferred: it loads pydantic, and `read_stored_config` serves readers that do without.
    from stride.config.rebuilding import rebuilt

    return rebuilt(read_stored_config(tree, where), frozenset(chosen), catalog, kinds, where)
