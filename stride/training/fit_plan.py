"""The plan of a fit from Python: its config, the run that it makes or takes, where it begins."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from stride.config.schema import Config
from stride.errors import ConfigError, DataError, NotAnExperimentError, RunNotFoundError
from stride.store.record import CodeRecord, Status
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.beginning import NEW, Beginning
from stride.training.resuming import (
    check_continuable,
    check_done,
    parent_of,
    plan_resumption,
)
from stride.training.settings import Settings, Tree

Address = int | str | Path
"""A run: number, name or `latest` in the experiment, or the path of a run in any."""


@dataclass(frozen=True)
class FitPlan:
    """What is trained, and how its run is got.

    Attributes:
        takeover: a process of which nothing is known counts as gone.
    """

    config: Config
    claim: Callable[[tuple[CodeRecord, ...]], Run]
    beginning: Beginning = NEW
    takeover: bool = False


def find_run(work_dir: WorkDir, run: Address) -> Run:
    """The run of an address.

    Raises:
        RunNotFoundError: there is no such run, or no experiment.
    """
    if isinstance(run, Path) or (isinstance(run, str) and "/" in run):
        path = Path(run)
        return WorkDir(path.parent).run(path.name)
    return work_dir.run(run)


def plan_fit(
    settings: Settings,
    overrides: Tree | None,
    *,
    name: str | None,
    resume: bool,
    continue_from: Address | None,
    init_from: Address | None,
) -> FitPlan | Run:
    """The plan of `Trainer.fit`; or the run, where that is completed already.

    Raises:
        UsageError: settings do not do, or contradict each other; see `Trainer.fit`.
    """
    if continue_from is not None and init_from is not None:
        raise ConfigError(
            "continue_from takes over all of another run's state and init_from only its weights;"
            " give one of them"
        )
    if resume:
        if name is None:
            raise ConfigError("resume=True needs to know the run: give its name, run=...")
        with contextlib.suppress(RunNotFoundError, NotAnExperimentError):
            found = settings.work_dir.run(name)
            return _resumed_or_done(found, settings.with_overrides(overrides))
    settings.check_name(name)
    if continue_from is not None:
        return _continued(settings, overrides, name, continue_from)
    if init_from is not None:
        return _from_weights(settings.with_overrides(overrides), name, init_from)
    return _made(settings.with_overrides(overrides), name, NEW)


def plan_resume(
    settings: Settings, run: Run, overrides: Tree | None, *, takeover: bool = False
) -> FitPlan:
    """A run that goes on with its own config; of the trainer's arguments only the device counts.

    Raises:
        RunBusyError, RunStateError, ConfigError: see `plan_resumption`.
    """
    device = {key: value for key, value in settings.arguments.items() if key == "device"}
    own = replace(settings, arguments=device, overrides=()).with_overrides(overrides)
    planned = plan_resumption(run, own.own_layers(), own.typed(), takeover=takeover)
    return FitPlan(planned.config, lambda _: run, planned.beginning, takeover)


def _resumed_or_done(run: Run, settings: Settings) -> FitPlan | Run:
    record = run.read_record()
    if record.status is Status.COMPLETED:
        check_done(run, record, settings.own_layers())
        return run
    planned = plan_resumption(run, settings.own_layers(), settings.typed())
    return FitPlan(planned.config, lambda _: run, planned.beginning)


def _continued(
    settings: Settings, overrides: Tree | None, name: str | None, source: Address
) -> FitPlan:
    run = find_run(settings.work_dir, source)
    record = check_continuable(run)
    own = settings.of_run(run, record, "continued").with_overrides(overrides)
    return _made(own, name, Beginning("continued", run=run))


def _from_weights(settings: Settings, name: str | None, source: Address) -> FitPlan:
    if str(source).endswith(".safetensors"):
        path = Path(str(source)).expanduser().absolute()
        if not path.is_file():
            raise DataError(f"there is no file {source} to take weights from")
        return _made(settings, name, Beginning("weights", weights=str(path)))
    run = find_run(settings.work_dir, source)
    own = settings.with_parent(parent_of(run, run.read_record(), "weights"))
    return _made(own, name, Beginning("weights", run=run))


def _made(settings: Settings, name: str | None, beginning: Beginning) -> FitPlan:
    """A run that is made when all else is built."""
    resolved = settings.resolve()

    def claim(code: tuple[CodeRecord, ...]) -> Run:
        return settings.create_run(resolved, name=name, code=code)

    return FitPlan(resolved.config, claim, beginning)
