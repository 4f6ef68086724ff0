"""The plan of a sweep: its definition, from what was typed, or as it was begun."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stride.cli import answer
from stride.cli.settings import Settings, experiment_layers
from stride.cli.sweep_page import shown_names
from stride.config.resolution import Layer
from stride.errors import UsageError
from stride.store.work_dir import WorkDir
from stride.sweep.definition import (
    Definition,
    check_same,
    check_trials,
    new_definition,
    read_definition,
)
from stride.sweep.folder import SweepFolder, read_sweeps
from stride.sweep.journal import check_folder, check_optuna
from stride.sweep.metric import choose_metric, measure
from stride.sweep.pruners import NONE, check_pruner
from stride.sweep.reading import Sketch, read_sketch, resource_of
from stride.sweep.samplers import check_sampler
from stride.sweep.space import Space, is_grid
from stride.sweep.sweep_file import SweepFile, read_sweep_file


@dataclass(frozen=True)
class Asked:
    """The options of a sweep as they were typed; None where they were not."""

    name: str | None = None
    sampler: str | None = None
    sampler_options: Mapping[str, Any] | None = None
    pruner: str | None = None
    pruner_options: Mapping[str, Any] | None = None
    metric: str | None = None
    direction: str | None = None
    trials: int | None = None
    seed: int | None = None

    def over(self, file: SweepFile) -> Asked:
        """These options, over those of a sweep file."""
        said: dict[str, Any] = {**file.texts, **file.numbers, **file.options}
        mine = {key: value for key, value in vars(self).items() if value is not None}
        return Asked(**{**said, **mine})

    @property
    def anything(self) -> bool:
        """Whether anything was said beside the name and how many trials."""
        rest = replace(self, name=None, trials=None)
        return any(value is not None for value in vars(rest).values())


@dataclass(frozen=True)
class SweepPlan:
    """A sweep that is begun, or joined.

    Attributes:
        known: whether it is there already.
        total: how many trials there are to be; None: as before.
    """

    folder: SweepFolder
    definition: Definition
    known: bool
    total: int | None = None


def plan_sweep(
    experiment: WorkDir,
    settings: Settings,
    asked: Asked,
    file: str | None,
    *,
    elsewhere: bool,
    dry: bool = False,
) -> SweepPlan:
    """What is to be swept: nothing is made.

    Args:
        elsewhere: it is trained on other machines: their devices are not looked for here.
        dry: it is only shown: what a training measures is not looked at.

    Raises:
        UsageError: it cannot be; the sentence says why.
    """
    check_optuna()
    written = SweepFile() if file is None else read_sweep_file(Path(file))
    asked = asked.over(written)
    if not (settings.typed or asked.anything or file):
        return _join(experiment, asked)
    layers = [*experiment_layers(experiment), *settings.layers[:-1]]
    if file is not None:
        layers.append(Layer(file, settings=written.config, folder=Path(file).absolute().parent))
    layers.append(settings.layers[-1])
    sketch = read_sketch(layers, written.space)
    folder = SweepFolder(experiment, asked.name or _name_of(sketch.space))
    check_folder(folder)
    known = read_definition(folder) if folder.exists() else None
    sampler = asked.sampler or ("grid" if is_grid(sketch.space) else "tpe")
    pruner = asked.pruner or NONE
    check_pruner(pruner, asked.pruner_options or {}, asked.metric or "")
    check_sampler(sampler, asked.sampler_options or {}, sketch.space)
    trials = check_trials(sketch.space, sampler, asked.trials or (known.trials if known else None))
    if known is not None and (asked.metric is None or asked.metric == known.metric):
        asked = replace(asked, metric=known.metric, direction=asked.direction or known.direction)
        metric, direction = asked.metric, asked.direction
    elif dry:
        metric, direction = asked.metric or "the monitor", "min"
    else:
        answer.note("looking at the data and at what a training measures")
        measures = measure(sketch.first, device="cpu" if elsewhere else None)
        metric, direction = choose_metric(asked.metric, asked.direction, measures)
    definition = new_definition(
        name=folder.name,
        settings=dict(sketch.settings),
        space=dict(sketch.space),
        sampler=sampler,
        sampler_options=dict(asked.sampler_options or {}),
        pruner=pruner,
        pruner_options=dict(asked.pruner_options or {}),
        metric=metric,
        direction=direction,
        trials=trials,
        seed=asked.seed or 0,
        resource=resource_of(sketch),
        by_step=resource_of(sketch) is None,
        typed=_typed(settings, sketch, file),
    )
    if known is None:
        return SweepPlan(folder, definition, known=False)
    check_same(folder, known, definition)
    return SweepPlan(folder, known, known=True, total=trials if asked.trials else None)


def _join(experiment: WorkDir, asked: Asked) -> SweepPlan:
    """A sweep that is there, as it was begun."""
    folder = find_sweep(experiment, asked.name)
    definition = read_definition(folder)
    total = asked.trials
    if total is not None:
        total = check_trials(definition.space, definition.sampler, total)
    return SweepPlan(folder, definition, known=True, total=total)


def find_sweep(experiment: WorkDir, name: str | None) -> SweepFolder:
    """The sweep of a name; without one, the only one that there is.

    Raises:
        UsageError: there is none, or several.
    """
    experiment.check()
    if name is not None:
        folder = SweepFolder(experiment, name)
        check_folder(folder)
        if folder.exists():
            return folder
    found = list(read_sweeps(experiment))
    known = ", ".join(folder.name for folder in found)
    if not found:
        raise UsageError(
            f"{experiment.address} has no sweep: begin one, as in stride sweep"
            f" {experiment.address} --config optimizer_kwargs.lr=1e-4,3e-4"
        )
    if name is not None:
        raise UsageError(f"{experiment.address} has no sweep {name}; it has {known}")
    if len(found) > 1:
        raise UsageError(f"{experiment.address} has several sweeps, {known}: name one")
    check_folder(found[0])
    return found[0]


def _name_of(space: Space) -> str:
    """A name from what is swept, as `lr-seed`: the same command has the same."""
    words = [re.sub(r"[^A-Za-z0-9._]+", "_", name) for name in shown_names(space).values()]
    name = "-".join(words)
    if not re.match(r"[A-Za-z]", name):
        name = f"sweep-{name}"
    if len(name) <= 60:
        return name
    return f"{name[:50]}-{hashlib.sha256(' '.join(space).encode()).hexdigest()[:8]}"


def _typed(settings: Settings, sketch: Sketch, file: str | None) -> tuple[str, ...]:
    """What was typed that is no dimension, for the record of each run."""
    kept = tuple(text for text in settings.typed if text.partition("=")[0] not in sketch.space)
    return kept if file is None else (f"--sweep-file {file}", *kept)
