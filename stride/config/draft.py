"""The draft of a config: what was chosen so far, while layers are laid over each other."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from stride.config.dotted import Path, join_key
from stride.config.elements import merged, with_element
from stride.config.hints import unknown_key
from stride.config.json_value import as_json
from stride.config.outline import OBJECT, Group, Leaf
from stride.config.places import absolute_reference, absolute_values
from stride.config.signature import OPAQUE, Absence
from stride.config.strict_json import read_strict_json
from stride.config.thing_lists import placed_elements
from stride.config.validation import checked
from stride.config.values import read_text
from stride.errors import ConfigError


@dataclass(frozen=True)
class Step:
    """One setting of a layer: a value, or a text still to be read, for a path.

    Attributes:
        origin: the file it stands in; empty for what was typed.
        folder: that relative paths are taken from.
    """

    path: Path
    value: Any
    is_text: bool
    origin: str
    folder: FilePath

    def placed_name(self, name: Any) -> Any:
        """The name of a thing, a file in it absolute."""
        return absolute_reference(name, self.folder) if isinstance(name, str) else name


@dataclass(frozen=True)
class Choice:
    """A value that somebody chose.

    Attributes:
        annotation: that it was checked against.
        step: that gave it last; its text can be read again where the thing has changed.
        whole: whether the step gave all of it, not an element or entry.
    """

    value: Any
    annotation: Any
    step: Step
    whole: bool


class Draft:
    """Choices, a whole value a leaf, and the outline that they fit."""

    def __init__(self, outline: Group) -> None:
        self.outline = outline
        self.choices: dict[Path, Choice] = {}

    def value(self, leaf: Leaf) -> Any:
        """What the leaf has now: JSON, MISSING or OPAQUE."""
        choice = self.choices.get(leaf.path)
        return leaf.default if choice is None else choice.value

    def move_to(self, outline: Group) -> None:
        """Take another outline: what its things do not take by name is dropped.

        Raises:
            ConfigError: a value that stays is of another type than the new thing wants.
        """
        before = self.outline
        self.outline = outline
        for path, choice in list(self.choices.items()):
            node, used = outline.deepest(path)
            if isinstance(node, Leaf) and used == len(path):
                if node.annotation != choice.annotation:
                    self._read_again(node, choice)
                continue
            assert isinstance(node, Group)
            old = before.find(node.path)
            same = isinstance(old, Group) and old.owner == node.owner
            if not (node.takes_any and same):
                del self.choices[path]

    def _read_again(self, leaf: Leaf, choice: Choice) -> None:
        if choice.whole and choice.step.is_text:
            del self.choices[leaf.path]
            self._set(leaf, (), choice.step)
        else:
            self._check(leaf, choice.value, choice.step, whole=choice.whole)

    def remove(self, path: Path, outline: Group) -> None:
        """Give a key its default back, or drop an entry of a free mapping.

        Args:
            path: the key, a group, or an entry.
            outline: that the layer of the removal has.

        Raises:
            ConfigError: no such key or entry, or an element of a list.
        """
        below = [chosen for chosen in self.choices if chosen[: len(path)] == path]
        for chosen in below:
            del self.choices[chosen]
        node, used = outline.deepest(path)
        if below or used == len(path):
            return
        leaf, rest = self._leaf_below(node, path, used, outline, "")
        if leaf.path == path:
            raise unknown_key(outline, path)
        value = copy.deepcopy(self.value(leaf))
        inner = value
        for part in rest[:-1]:
            inner = inner.get(part) if isinstance(inner, dict) else None
        if isinstance(inner, list):
            raise ConfigError(
                f"{join_key(path)} is an element of a list; set {join_key(leaf.path)} as a whole"
            )
        if not isinstance(inner, dict) or rest[-1] not in inner:
            raise ConfigError(f"there is no {join_key(path)} to remove")
        del inner[rest[-1]]
        step = Step(path, None, False, "", FilePath.cwd())
        self.choices[leaf.path] = Choice(value, leaf.annotation, step, whole=False)

    def apply(self, step: Step) -> None:
        """Set what a step says.

        Raises:
            ConfigError: an unknown key, or a value of a wrong type.
        """
        node, used = self.outline.deepest(step.path)
        if isinstance(node, Group) and used == len(step.path):
            self._apply_group(node, self._group_value(node, step), step)
        else:
            leaf, rest = self._leaf_below(node, step.path, used, self.outline, step.origin)
            self._set(leaf, rest, step)

    def _group_value(self, group: Group, step: Step) -> Any:
        if not step.is_text:
            return step.value
        try:
            return read_strict_json(step.value)
        except ValueError:
            return step.value

    def _apply_group(self, group: Group, value: Any, step: Step) -> None:
        if not isinstance(value, Mapping):
            key = join_key(group.path)
            example = join_key(group.picked_by or (*group.path, next(iter(group.children), "NAME")))
            raise ConfigError(f"{key} is a group of keys{_place(step)}; write {example}=...")
        for name, item in value.items():
            path = (*group.path, name)
            self.apply(replace(step, path=path, value=item, is_text=False))

    def _leaf_below(
        self, node: Leaf | Group, path: Path, used: int, outline: Group, origin: str
    ) -> tuple[Leaf, Path]:
        """The leaf that a path leads to, or into, and what is left of the path."""
        if isinstance(node, Leaf):
            return node, path[used:]
        if not node.takes_any:
            raise unknown_key(outline, path, origin)
        free = Leaf(path[: used + 1], Any, OPAQUE, "", owner=node.owner)
        return free, path[used + 1 :]

    def _set(self, leaf: Leaf, rest: Path, step: Step) -> None:
        key = join_key(leaf.path)
        now = self.value(leaf)
        base = None if isinstance(now, Absence) else copy.deepcopy(now)
        if rest:
            value = with_element(base, leaf.annotation, rest, step.value, step.is_text, key)
        else:
            value = read_text(step.value, leaf.annotation, key) if step.is_text else step.value
            value = merged(base, value)
        if leaf.kind is not None:
            value = step.placed_name(value)
            if step.is_text and isinstance(value, str) and value.startswith(OBJECT):
                raise ConfigError(f"{key}={value}: an object can only be handed over in Python")
        if leaf.elements is not None:
            value = placed_elements(leaf.elements, value, step.folder)
        value = absolute_values(as_json(value, key), leaf.annotation, step.folder, key)
        self._check(leaf, value, step, whole=not rest)

    def _check(self, leaf: Leaf, value: Any, step: Step, whole: bool) -> None:
        try:
            value = checked(value, leaf.annotation, join_key(leaf.path))
        except ConfigError as error:
            raise ConfigError(f"{error}{_place(step)}") from error
        self.choices[leaf.path] = Choice(value, leaf.annotation, step, whole)


def _place(step: Step) -> str:
    return f" (in {step.origin})" if step.origin else ""
