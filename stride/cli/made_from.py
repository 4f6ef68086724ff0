"""What a new run is made from: the config of its experiment or of a parent, and what was typed."""

from __future__ import annotations

from dataclasses import dataclass

from stride.cli.experiment import open_run
from stride.cli.own_code import announce, own_code_of
from stride.cli.settings import Settings
from stride.config.resolution import Layer, Resolved, resolve
from stride.config.stored import read_stored_config
from stride.store.names import parse_run_address
from stride.store.record import Parent
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.catalog import BuiltinCatalog
from stride.training.resuming import chosen_settings, config_parent


@dataclass(frozen=True)
class MadeFrom:
    """A config that is decided, the experiment that the run will be in, and its parents."""

    experiment: WorkDir
    resolved: Resolved
    parents: tuple[Parent, ...] = ()


def made_from(settings: Settings, parent: str | None, *, trust: bool = False) -> MadeFrom:
    """Resolve what was typed over the config of a parent, or where none is named over that of the
    experiment.

    Args:
        parent: the address of a run; the new one is in its experiment unless work_dir= was typed.
        trust: import code that a run of another user names.

    Raises:
        UsageError: no such run, a setting that does not do, no experiment.
    """
    if parent is None:
        experiment = settings.experiment()
        return MadeFrom(experiment, settings.resolve(experiment))
    run = open_run(parent)
    record = run.read_record()
    announce_code(run, trust=trust)
    own = Layer(run.address, chosen_settings(run, record))
    resolved = resolve([own, *settings.layers], BuiltinCatalog())
    before = resolve([own], BuiltinCatalog())
    is_same = before.config.to_json() == resolved.config.to_json()
    parents = (config_parent(run, record, is_same=is_same),)
    return MadeFrom(experiment_beside(parent, settings), resolved, parents)


def experiment_beside(address: str, settings: Settings) -> WorkDir:
    """The experiment that was typed, else that of a run."""
    if settings.work_dir is not None:
        return settings.experiment()
    folder, _ = parse_run_address(address)
    return WorkDir(folder)


def experiment_of(run: Run) -> WorkDir:
    """The experiment of a run, named as the run is."""
    return WorkDir(run.address.rpartition("/")[0] or run.work_dir)


def announce_code(run: Run, *, trust: bool) -> None:
    """Name the code that the run's config names; reading it as a config imports that.

    Raises:
        UsageError: the run belongs to another user, and `trust` is not given.
    """
    config = read_stored_config(run.read_config(), str(run.config_path))
    announce(run, own_code_of(config, config.keys()), trust=trust, code=None)
