"""The plan of a training: its config, the run that it makes or takes, and where it begins."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stride.cli.already_run import Looking, asked_of
from stride.cli.experiment import open_run
from stride.cli.made_from import (
    MadeFrom,
    announce_code,
    experiment_beside,
    experiment_of,
    made_from,
)
from stride.cli.settings import Settings, refuse_taken_name
from stride.cli.value import moment_text
from stride.config import schema
from stride.config.resolution import Layer, resolve
from stride.config.stored import read_stored_config
from stride.errors import (
    ConfigError,
    RunBusyError,
    RunNotFoundError,
    RunStateError,
    StrideError,
)
from stride.store.liveness import Life
from stride.store.record import CodeRecord, Status
from stride.store.run import Run
from stride.training.beginning import NEW, Beginning
from stride.training.catalog import BuiltinCatalog
from stride.training.resuming import (
    check_continuable,
    check_done,
    chosen_settings,
    parent_of,
    plan_resumption,
)


@dataclass(frozen=True)
class Plan:
    """What is to be trained, and how the run is got: made, or taken as it is.

    Attributes:
        experiment: folder of the run; it need not exist yet.
        takeover: a process of which nothing is known counts as gone.
        looking: for runs that had this config already; None where it is meant to be the same.
    """

    config: schema.Config
    experiment: Path
    claim: Callable[[tuple[CodeRecord, ...]], Run]
    beginning: Beginning = NEW
    takeover: bool = False
    looking: Looking | None = None


def plan_new(settings: Settings, parent: str | None = None, *, trust: bool = False) -> Plan:
    """A run that is made when everything else is built.

    Args:
        parent: the address of a run whose config is below what was typed.
        trust: import code that a run of another user names.
    """
    made = made_from(settings, parent, trust=trust)
    return _plan_made(settings, made)


def plan_created(address: str, given: bool) -> Plan:
    """A run that was created before and waits.

    Raises:
        ConfigError: settings were given as well.
        RunBusyError, RunStateError: it is being trained, or was.
    """
    if given:
        raise ConfigError(
            f"stride fit {address} takes no --config, since its config is written already; "
            "leave the run out to make another"
        )
    run = open_run(address)
    record = run.read_record()
    if record.status is not Status.CREATED:
        raise _refusal(run)
    tree = read_stored_config(run.read_config(), str(run.config_path))
    config = schema.Config.from_json(tree)
    asked = asked_of(config, record.chosen, but=record.id)
    looking = None if asked is None else Looking(experiment_of(run), asked)
    return Plan(config, run.work_dir, lambda _: run, looking=looking)


def plan_resumed(run: Run, settings: Settings, *, takeover: bool, trust: bool) -> Plan:
    """A run that goes on, with some settings over its own.

    Args:
        takeover: a process of which nothing is known counts as gone.
        trust: import code that a run of another user names.

    Raises:
        RunBusyError, RunStateError, ConfigError: see `plan_resumption`.
    """
    _refuse_addresses(run, settings)
    announce_code(run, trust=trust)
    planned = plan_resumption(run, settings.layers, settings.typed, takeover=takeover)
    return Plan(planned.config, run.work_dir, lambda _: run, planned.beginning, takeover)


def plan_resumed_or_new(
    settings: Settings, otherwise: Callable[[], Plan], *, takeover: bool, trust: bool
) -> Plan | Run:
    """The line of a job script: the named run that goes on, or is made; or the run, where it is
    completed.

    Args:
        otherwise: plans it where there is none of the name.

    Raises:
        ConfigError: no run is named; or settings would make another experiment of it.
        RunBusyError: it is being trained.
    """
    if settings.run is None:
        raise ConfigError(
            "--resume needs to know the run: name it with --config run=NAME, or write it as in"
            " stride fit exp/3 --resume"
        )
    experiment = settings.experiment()
    if experiment.exists():
        with contextlib.suppress(RunNotFoundError):
            run = experiment.run(settings.run)
            own = dataclasses.replace(settings, work_dir=None, run=None)
            return plan_resumed_or_done(run, own, takeover=takeover, trust=trust)
    return otherwise()


def plan_resumed_or_done(
    run: Run, settings: Settings, *, takeover: bool, trust: bool
) -> Plan | Run:
    """A run that goes on; or the run, where it is completed with these settings.

    Raises:
        RunBusyError, ConfigError: as `plan_resumption`; a completed run has other settings.
    """
    record = run.read_record()
    if record.status is not Status.COMPLETED:
        return plan_resumed(run, settings, takeover=takeover, trust=trust)
    _refuse_addresses(run, settings)
    announce_code(run, trust=trust)
    check_done(run, record, settings.layers)
    return run


def plan_continued(address: str, settings: Settings, *, trust: bool) -> Plan:
    """A new run that goes on from the last checkpoint of another, with its config.

    Raises:
        RunBusyError: that one is being trained.
        RunStateError: it has no checkpoint.
    """
    parent = open_run(address)
    record = check_continuable(parent)
    announce_code(parent, trust=trust)
    own = Layer(parent.address, chosen_settings(parent, record))
    made = MadeFrom(
        experiment_beside(address, settings),
        resolve([own, *settings.layers], BuiltinCatalog()),
        (parent_of(parent, record, "continued"),),
    )
    return _plan_made(settings, made, Beginning("continued", run=parent))


def plan_from_weights(
    source: str, settings: Settings, parent: str | None = None, *, trust: bool = False
) -> Plan:
    """A new run that begins with the weights of another, or of a file.

    Args:
        source: the address of a run, or a safetensors file.
        parent: as in `plan_new`; the run then has two parents.

    Raises:
        RunNotFoundError, ConfigError: there is no such run or file.
    """
    made = made_from(settings, parent, trust=trust)
    if source.endswith(".safetensors"):
        path = Path(source).expanduser().absolute()
        if not path.is_file():
            raise ConfigError(f"--init-from {source}: there is no such file")
        return _plan_made(settings, made, Beginning("weights", weights=str(path)))
    run = open_run(source)
    parents = (*made.parents, parent_of(run, run.read_record(), "weights"))
    made = dataclasses.replace(made, parents=parents)
    return _plan_made(settings, made, Beginning("weights", run=run))


def _refuse_addresses(run: Run, settings: Settings) -> None:
    if settings.work_dir is not None or settings.run is not None:
        raise ConfigError(
            f"work_dir= and run= say which run is meant, and {run.address} does already; leave"
            " them out"
        )


def _plan_made(settings: Settings, made: MadeFrom, beginning: Beginning = NEW) -> Plan:
    experiment, resolved = made.experiment, made.resolved
    refuse_taken_name(experiment, settings.run)

    def claim(code: tuple[CodeRecord, ...]) -> Run:
        return experiment.create(
            resolved.config.to_json(),
            name=settings.run,
            overrides=settings.typed,
            chosen=resolved.chosen,
            parents=made.parents,
            code=code,
        )

    origin = {(str(p.relation), p.id) for p in made.parents if p.relation == beginning.relation}
    if beginning.weights is not None:
        origin = {("file", beginning.weights)}
    asked = asked_of(resolved.config, resolved.chosen, origin)
    looking = None if asked is None else Looking(experiment, asked)
    return Plan(resolved.config, experiment.path, claim, beginning, looking=looking)


def _refusal(run: Run) -> StrideError:
    """Why a run that is not waiting is not trained, and what serves instead."""
    record, verdict = run.read_record(), run.status()
    attempt = record.attempt
    if verdict.status is Status.RUNNING and verdict.life is not Life.CRASHED and attempt:
        return RunBusyError(
            f"{run.address} is being trained by process {attempt.pid} on {attempt.host} since "
            f"{moment_text(attempt.started)}; stride log {run.address} -f follows it"
        )
    if verdict.status is Status.COMPLETED:
        use = f"use it with stride load-run {run.address}"
    else:
        use = f"go on with stride resume {run.address}"
    experiment = run.address.rpartition("/")[0]
    return RunStateError(
        f"{run.address} is {verdict.word}, and only a created run can be trained: {use}, or make "
        f"another with stride fit --config work_dir={experiment}"
    )
