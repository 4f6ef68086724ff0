"""The settings that a command line gives: config files, overrides, removals, the run's place."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stride.cli.experiment import written_by_a_person
from stride.config.config_file import read_config_file
from stride.config.overrides import addresses, parse_override, parse_removal
from stride.config.resolution import Layer, Resolved, resolve
from stride.errors import RunExistsError, RunNotFoundError, UsageError
from stride.store.names import check_run_name
from stride.store.work_dir import WorkDir
from stride.training.catalog import BuiltinCatalog


@dataclass(frozen=True)
class Settings:
    """What was typed: addresses apart, layers in order, the lowest first.

    Attributes:
        work_dir: the experiment as typed, None where it was not.
        run: the name that the run is to have, None for the next number.
        layers: config files, then the command line; without the experiment's own config.
        typed: overrides and removals as they were typed, for the record of the run.
    """

    work_dir: str | None
    run: str | None
    layers: tuple[Layer, ...]
    typed: tuple[str, ...]

    @property
    def given(self) -> bool:
        """Whether anything was typed."""
        return bool(self.typed or self.work_dir or self.run)

    def experiment(self) -> WorkDir:
        """The experiment, which need not exist yet; the current folder if it is one.

        Raises:
            UsageError: none was named.
        """
        if self.work_dir is not None:
            return WorkDir(self.work_dir)
        here = WorkDir(Path())
        if not here.exists():
            raise UsageError("work_dir is missing: say where with --config work_dir=EXP")
        return here

    def resolve(self, experiment: WorkDir | None) -> Resolved:
        """The config: the layers over the experiment's own config, where there is one.

        Raises:
            ConfigError: a key, a type, a name that does not fit.
            CodeReferenceError: a thing of the user's own that does not resolve.
        """
        own = [] if experiment is None else experiment_layers(experiment)
        return resolve([*own, *self.layers], BuiltinCatalog())


def experiment_layers(experiment: WorkDir) -> list[Layer]:
    """What was chosen for the experiment, if there is one."""
    with written_by_a_person():
        if not experiment.exists():
            return []
        tree = experiment.read_config()
    return [Layer(str(experiment.config_path), tree, folder=experiment.path)]


def refuse_taken_name(experiment: WorkDir, name: str | None) -> None:
    """See early, and with what to do, whether a run of that name is there.

    Raises:
        RunExistsError: it is.
    """
    if name is None or not experiment.exists():
        return
    with contextlib.suppress(RunNotFoundError):
        address = experiment.run(name).address
        raise RunExistsError(
            f"{address} exists already: give another name, or see it with stride show {address}"
        )


def read_settings(
    config: Sequence[str] | None, config_file: Sequence[str] | None, remove: Sequence[str] | None
) -> Settings:
    """Parse what was typed and read the config files; the schema is not asked yet.

    Raises:
        ConfigError: a malformed override, or a config file that cannot be read.
        RunNameError: run= is not a name that a run may have.
    """
    work_dir, run, overrides = addresses([parse_override(text) for text in config or ()])
    if run is not None:
        check_run_name(run)
    removals = tuple(parse_removal(text) for text in remove or ())
    files = [Path(text) for text in config_file or ()]
    layers = [Layer(str(f), read_config_file(f), folder=f.absolute().parent) for f in files]
    layers.append(Layer(overrides=overrides, removals=removals))
    typed = (
        *(f"--config-file {path}" for path in files),
        *(str(override) for override in overrides),
        *(f"--remove {text}" for text in remove or ()),
    )
    return Settings(work_dir, run, tuple(layers), typed)
