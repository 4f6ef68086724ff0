"""The resolution: from layers of settings, the lowest first, to one config with all decided."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from stride.config.catalog import Catalog
from stride.config.dotted import Path, join_key, pick, put, split_key
from stride.config.draft import Draft, Step
from stride.config.format import FORMAT
from stride.config.json_value import as_json
from stride.config.outline import Group, Leaf, outline
from stride.config.overrides import Override
from stride.config.schema import Config
from stride.config.signature import MISSING, OPAQUE, Signature
from stride.config.strict_json import read_strict_json
from stride.config.thing_lists import checked_elements
from stride.config.values import read_text
from stride.errors import ConfigError


@dataclass(frozen=True)
class Layer:
    """Settings of one source: a file, the arguments of a call, the command line.

    Within a layer the tree comes first, then the settings, then the overrides in order.

    Attributes:
        origin: where they stand, for sentences: a file name; empty for what was typed.
        tree: nested mappings.
        settings: dotted keys with Python values.
        overrides: dotted keys with text, read as the schema wants it.
        removals: keys that get their default back.
        folder: that relative paths are taken from; None for the current one.
    """

    origin: str = ""
    tree: Mapping[str, Any] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    removals: tuple[tuple[str, ...], ...] = ()
    folder: FilePath | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def steps(self) -> list[Step]:
        """What the layer sets, in order, as plain JSON.

        Raises:
            ConfigError: a value that no JSON can hold, or a key that is given and removed at once.
        """
        folder = self.folder or FilePath.cwd()
        tree = {str(key): value for key, value in self.tree.items() if key != "format"}
        if self.tree.get("format", FORMAT) != FORMAT:
            raise ConfigError(
                f"{self.origin or 'the config'} is of format {self.tree['format']}; this stride "
                f"reads format {FORMAT}"
            )
        steps = [Step((), as_json(tree, ""), False, self.origin, folder)] if tree else []
        for key, value in self.settings.items():
            steps.append(Step(split_key(key), as_json(value, key), False, self.origin, folder))
        for override in self.overrides:
            steps.append(Step(override.path, override.text, True, "", folder))
            for removal in self.removals:
                if override.path[: len(removal)] == removal:
                    raise ConfigError(
                        f"{override.key} is given and removed at once; do one of them"
                    )
        return steps


@dataclass(frozen=True)
class Resolved:
    """A config, and which of its keys people chose.

    Attributes:
        config: every key decided.
        chosen: dotted keys that were given in some layer and survived, sorted.
    """

    config: Config
    chosen: tuple[str, ...]

    def chosen_tree(self) -> dict[str, Any]:
        """The chosen part of the config, as an experiment's config.json keeps it."""
        return pick(self.config.to_json(), self.chosen)


def resolve(layers: Sequence[Layer], catalog: Catalog) -> Resolved:
    """Lay the layers over the built-in defaults, each over those before it.

    A name that changes in a layer drops the arguments that lower layers gave to the old thing and
    that the new one does not take by name. Names that a higher layer replaces are not looked up,
    unless they are built-in: code that is not used is not imported.

    Raises:
        ConfigError: an unknown key, a wrong type, a name that picks nothing, an argument that is
            needed and that nobody gave; nothing is read but what the catalog reads.
        CodeReferenceError: a reference of the user's that does not resolve.
    """
    draft, remembering = _drafted(layers, catalog)
    return _decided(draft, remembering)


def keys_under(layers: Sequence[Layer], catalog: Catalog) -> Group:
    """The keys that there are with these layers; what a thing needs need not be given.

    Raises:
        ConfigError, CodeReferenceError: as `resolve`.
    """
    return _drafted(layers, catalog)[0].outline


def _drafted(layers: Sequence[Layer], catalog: Catalog) -> tuple[Draft, _Remembering]:
    remembering = _Remembering(catalog)
    draft = Draft(outline(lambda leaf: leaf.default, remembering))
    prepared = [(layer, layer.steps()) for layer in layers]
    for index, (layer, steps) in enumerate(prepared):
        higher = [(steps_, layer_.removals) for layer_, steps_ in prepared[index + 1 :]]
        remembering.unread = set()

        def name_of(
            leaf: Leaf,
            steps: list[Step] = steps,
            removals: Sequence[Path] = layer.removals,
            higher: Sequence[tuple[list[Step], Sequence[Path]]] = higher,
        ) -> Any:
            name = _name_in(leaf, steps, removals, draft.value(leaf))
            final = name
            for steps_, removals_ in higher:
                final = _name_in(leaf, steps_, removals_, final)
            assert leaf.kind is not None
            if final != name and isinstance(name, str) and name not in catalog.names(leaf.kind):
                remembering.unread.add((leaf.kind, name))
            return name

        changed = outline(name_of, remembering)
        for removal in layer.removals:
            draft.remove(removal, changed)
        draft.move_to(changed)
        for step in steps:
            draft.apply(step)
    return draft, remembering


def _decided(draft: Draft, catalog: Catalog) -> Resolved:
    missing: list[Leaf] = []
    _check_lists_of_things(draft, catalog)
    tree = {"format": FORMAT, **_values(draft.outline, draft, missing)}
    if missing:
        raise _needed(missing)
    for path, choice in draft.choices.items():  # also those of things that take any argument
        put(tree, path, copy.deepcopy(choice.value))
    return Resolved(Config.from_json(tree), tuple(sorted(join_key(path) for path in draft.choices)))


def _check_lists_of_things(draft: Draft, catalog: Catalog) -> None:
    """The elements of lists that name things, against what the things take."""
    for leaf in draft.outline.leaves():
        choice = draft.choices.get(leaf.path)
        if leaf.elements is None or choice is None:
            continue
        value = checked_elements(
            leaf.elements, choice.value, leaf.path, choice.step.folder, catalog
        )
        draft.choices[leaf.path] = replace(choice, value=value)


def _values(group: Group, draft: Draft, missing: list[Leaf]) -> dict[str, Any]:
    """The tree of a group, in the order of its keys; keys without any value go to `missing`."""
    tree: dict[str, Any] = {}
    for name, child in group.children.items():
        if isinstance(child, Group):
            tree[name] = _values(child, draft, missing)
            continue
        value = draft.value(child)
        if value is MISSING:
            missing.append(child)
        elif value is not OPAQUE:
            tree[name] = copy.deepcopy(value)
    return tree


def _needed(missing: Sequence[Leaf]) -> ConfigError:
    keys = [join_key(leaf.path) for leaf in missing]
    owner = missing[0].owner or "the config"
    listed = ", ".join(keys[:-1]) + " and " + keys[-1] if len(keys) > 1 else keys[0]
    verb = "are" if len(keys) > 1 else "is"
    return ConfigError(
        f"{listed} {verb} needed by {owner} and {'have' if len(keys) > 1 else 'has'} no default; "
        f"give {keys[0]}=..."
    )


def _name_in(leaf: Leaf, steps: Sequence[Step], removals: Sequence[Path], below: Any) -> Any:
    """The name that a leaf has after a layer; `below` is what it was before."""
    name = below
    if any(leaf.path[: len(removal)] == removal for removal in removals):
        name = None if leaf.default is MISSING else leaf.default
    for step in steps:
        if leaf.path[: len(step.path)] != step.path:
            continue
        rest = leaf.path[len(step.path) :]
        value = step.value
        if step.is_text and not rest:
            value = read_text(step.value, leaf.annotation, join_key(leaf.path))
        elif step.is_text:
            try:
                value = read_strict_json(step.value)
            except ValueError:
                continue  # the draft says what is wrong with it
        for part in rest:
            if not isinstance(value, Mapping) or part not in value:
                break
            value = value[part]
        else:
            name = step.placed_name(value)
    return None if name is MISSING else name


class _Remembering:
    """A catalog that asks the other one once a name, and not at all for names that are unread."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._found: dict[tuple[str, str], Signature] = {}
        self.unread: set[tuple[str, str]] = set()

    def names(self, kind: str) -> tuple[str, ...]:
        return self._catalog.names(kind)

    def signature(self, kind: str, name: str) -> Signature:
        if (kind, name) in self.unread:
            return Signature(name, takes_any=True)
        if (kind, name) not in self._found:
            self._found[kind, name] = self._catalog.signature(kind, name)
        return self._found[kind, name]
