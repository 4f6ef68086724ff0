"""Every key of a config, as `stride keys` lists them: type, default, one line of help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stride.config.catalog import Catalog
from stride.config.dotted import join_key, lookup
from stride.config.outline import Leaf, outline
from stride.config.schema import Config
from stride.config.signature import Absence
from stride.config.type_text import alternatives, type_text


@dataclass(frozen=True)
class Key:
    """One key.

    Attributes:
        path: dotted.
        type_text: as in `list of integers`.
        default: JSON, MISSING where it must be given, OPAQUE where only the thing knows it.
        help: one line; may be empty.
        changes_result: whether it can change what a training gives.
        choices: what a text may be completed to: names of things, or alternatives.
    """

    path: str
    type_text: str
    default: Any
    help: str
    changes_result: bool
    choices: tuple[str, ...] = ()


def every_key(config: Config, catalog: Catalog) -> list[Key]:
    """The keys of a config with the things that it names, in the order of the schema.

    Raises:
        ConfigError, CodeReferenceError: a name in the config that picks nothing.
    """
    tree = config.to_json()

    def name_of(leaf: Leaf) -> Any:
        try:
            return lookup(tree, leaf.path)
        except KeyError:
            return None if isinstance(leaf.default, Absence) else leaf.default

    return [
        Key(
            join_key(leaf.path),
            type_text(leaf.annotation),
            leaf.default,
            leaf.help,
            leaf.changes_result,
            catalog.names(leaf.kind) if leaf.kind else alternatives(leaf.annotation),
        )
        for leaf in outline(name_of, catalog).leaves()
    ]
