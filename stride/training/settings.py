"""The settings of a trainer: the layers that make its config, and how a run is made from them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from stride.config.resolution import Layer, Resolved, resolve
from stride.errors import ConfigError, NotAnExperimentError, RunExistsError, RunNotFoundError
from stride.store.names import check_run_name
from stride.store.record import CodeRecord, Parent, RunRecord
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.catalog import BuiltinCatalog
from stride.training.given import Given
from stride.training.resuming import CHANGED_CONFIG, SAME_CONFIG, chosen_settings, parent_of

Tree = Mapping[str, Any]
"""Settings as Python values: nested mappings; in overrides, keys may be dotted."""


@dataclass(frozen=True)
class Settings:
    """Where each setting of a trainer comes from.

    Attributes:
        arguments: the keyword arguments of the trainer.
        given: objects in place of names.
        overrides: of `comprehend_config` and `fit`, later ones over earlier ones.
        base: the config of a run that was loaded, in place of experiment and arguments.
        parents: that run, and one whose weights the next run begins with.
    """

    work_dir: WorkDir
    arguments: Tree
    given: Given
    overrides: tuple[Tree, ...] = ()
    base: Tree | None = None
    parents: tuple[Parent, ...] = ()

    def with_overrides(self, overrides: Tree | None) -> Settings:
        """The same with some settings over them.

        Raises:
            ConfigError: they are no mapping.
        """
        if overrides is not None and not isinstance(overrides, Mapping):
            raise ConfigError(
                "settings are given as a mapping of dotted keys to values, as in"
                ' {"optimizer_kwargs.lr": 1e-3}'
            )
        return replace(self, overrides=(*self.overrides, overrides)) if overrides else self

    def of_run(self, run: Run, record: RunRecord, relation: str = SAME_CONFIG) -> Settings:
        """The settings that people chose for a run, which becomes the parent of what follows."""
        base = chosen_settings(run, record)
        parents = (parent_of(run, record, relation),)
        return Settings(self.work_dir, {}, self.given, base=base, parents=parents)

    def with_parent(self, parent: Parent) -> Settings:
        """The same for a run that is made from one more."""
        return replace(self, parents=(*self.parents, parent))

    def own_layers(self) -> list[Layer]:
        """The layers that are given here: not the experiment's, not those of a run."""
        layers = [Layer("", self.arguments), Layer("", self.given.names())]
        return [*layers, *(_layer(overrides) for overrides in self.overrides)]

    def typed(self) -> tuple[str, ...]:
        """The overrides as they would be typed."""
        return tuple(text for tree in self.overrides for text in _as_typed(tree))

    def resolve(self) -> Resolved:
        """The config: defaults, the experiment's config, the arguments, the objects, the overrides.

        Raises:
            ConfigError, CodeReferenceError: a setting is wrong.
        """
        layers = []
        if self.base is not None:
            layers.append(Layer("the run", self.base))
        elif self.work_dir.exists():
            path = self.work_dir.config_path
            tree = self.work_dir.read_config()
            layers.append(Layer(str(path), tree, folder=self.work_dir.path))
        return resolve([*layers, *self.own_layers()], BuiltinCatalog())

    def check_name(self, name: str | None) -> None:
        """Look whether a run may have the name, before anything long begins.

        Raises:
            RunNameError: no run may have it.
            RunExistsError: one has it.
        """
        if name is None:
            return
        check_run_name(name)
        with contextlib.suppress(RunNotFoundError, NotAnExperimentError):
            taken = self.work_dir.run(name).address
            raise RunExistsError(f"{taken} exists already; choose another name")

    def create_run(
        self, resolved: Resolved, *, name: str | None, code: tuple[CodeRecord, ...]
    ) -> Run:
        """Make the run of a config that these settings gave; a new experiment keeps the arguments.

        Raises:
            RunNameError, RunExistsError, NotAnExperimentError, StorageError: it cannot be made;
                nothing is left.
        """
        parents = self.parents
        if self.overrides:
            parents = tuple(map(_with_changes, parents))
        return self.work_dir.create(
            resolved.config.to_json(),
            experiment=self._arguments_resolved(),
            name=name,
            overrides=self.typed(),
            chosen=resolved.chosen,
            parents=parents,
            code=code,
        )

    def _arguments_resolved(self) -> dict[str, Any]:
        """The arguments as an experiment keeps them: only what was chosen, paths absolute."""
        if not self.arguments or self.work_dir.exists():
            return {}
        return resolve([Layer("", self.arguments)], BuiltinCatalog()).chosen_tree()


def _with_changes(parent: Parent) -> Parent:
    changed = parent.relation == SAME_CONFIG
    return msgspec.structs.replace(parent, relation=CHANGED_CONFIG) if changed else parent


def _layer(overrides: Tree) -> Layer:
    """Overrides as a layer: a dotted key is put at its place, a mapping merged key by key."""
    for key in overrides:
        if not isinstance(key, str):
            raise ConfigError(f"an override is a key and a value; {key!r} is no key")
    nested = {key: value for key, value in overrides.items() if "." not in key}
    dotted = {key: value for key, value in overrides.items() if "." in key}
    return Layer("", nested, settings=dotted)


def _as_typed(tree: Tree, prefix: str = "") -> list[str]:
    """Overrides for the record, as they would be typed."""
    lines: list[str] = []
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            lines += _as_typed(value, f"{prefix}{key}.")
        else:
            lines.append(f"{prefix}{key}={_text(value)}")
    return lines


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
