"""The sentence for an unknown key: the nearest key that there is, its type and its default."""

from __future__ import annotations

import json
from typing import Final

from stride.config.dotted import Path, join_key, split_key
from stride.config.nearest import nearest
from stride.config.outline import OBJECT, Group, Leaf
from stride.config.overrides import ADDRESSES
from stride.config.signature import MISSING, OPAQUE
from stride.config.type_text import type_text
from stride.errors import ConfigError

_LISTED: Final = 8
"""Keys that a sentence lists where none is near; `stride keys` has the rest."""


def unknown_key(whole: Group, path: Path, origin: str = "") -> ConfigError:
    """The error for a path that leads nowhere.

    Args:
        whole: the outline of the config.
        path: as it was given.
        origin: the file it stands in; empty for what was typed.
    """
    node, used = whole.deepest(path)
    assert isinstance(node, Group)
    wrong = path[: used + 1]
    place = f" in {origin}" if origin else ""
    if wrong[0] in ADDRESSES:
        return ConfigError(
            f"{wrong[0]}{place} is an address, not a setting: give it as --config {wrong[0]}=..."
        )
    owner = f" for {_short(node.owner)}" if node.owner else ""
    sentence = f"unknown key {join_key(path)}{owner}{place}"
    nested = split_key(path[used])
    if len(nested) > 1 and node.find(nested[:1]) is not None:
        keys = " under ".join(reversed(nested))
        return ConfigError(f"{sentence}: a dot does not nest here; write {keys}")
    found = _nearest_node(whole, node, path, used)
    if found is not None:
        return ConfigError(f"{sentence}; did you mean {join_key(found.path)} ({describe(found)})?")
    if used == 0 and nearest(wrong[0], ADDRESSES):
        return ConfigError(f"{sentence}; did you mean {nearest(wrong[0], ADDRESSES)}?")
    if node.picked_by is not None and not node.owner:
        picked_by = join_key(node.picked_by)
        return ConfigError(f"{sentence}: nothing is picked yet; choose {picked_by} as well")
    names = list(node.children)
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    listed = f"; there are {', '.join(names[:_LISTED])}{more}" if names else "; it takes none"
    return ConfigError(f"{sentence}{listed} (stride keys {join_key(node.path)})".replace(" )", ")"))


def describe(node: Leaf | Group) -> str:
    """Type and default of a key, as in `list of integers, default [64]`."""
    if isinstance(node, Group):
        return "a group of keys"
    if node.default is MISSING:
        return f"{type_text(node.annotation)}, no default"
    if node.default is OPAQUE:
        return type_text(node.annotation)
    return f"{type_text(node.annotation)}, default {json.dumps(node.default, ensure_ascii=False)}"


def _short(owner: str) -> str:
    """The name as people say it: of a reference what stands after the colon."""
    return owner.removeprefix(OBJECT).rpartition(":")[2]


def _nearest_node(whole: Group, node: Group, path: Path, used: int) -> Leaf | Group | None:
    """A sibling that looks alike, with the rest of the path below it where there is one; else the
    same last part in another group."""
    here = nearest(path[used], node.children)
    if here is not None:
        child = node.children[here]
        rest = path[used + 1 :]
        if isinstance(child, Group) and rest:
            below, deep = child.deepest(rest)
            if deep == len(rest):
                return below
            if isinstance(below, Group):
                closer = nearest(rest[deep], below.children)
                return below.children[closer] if closer else child
        return child
    by_last = {leaf.path[-1]: leaf for leaf in reversed(list(whole.leaves()))}
    if path[-1] in by_last:
        return by_last[path[-1]]
    if len(path) == 1:
        elsewhere = nearest(path[0], by_last)
        return by_last[elsewhere] if elsewhere else None
    return None
