"""`stride fit`: creates a run and trains it, or trains one that was created before."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.completion import complete_run
from stride.cli.experiment import open_run
from stride.cli.options import Config, ConfigFile, Json, Remove
from stride.cli.row import read_row
from stride.cli.run_json import FIELDS as RUN_FIELDS
from stride.cli.run_json import run_fields
from stride.cli.settings import Settings, read_settings
from stride.cli.value import metric_text, moment_text
from stride.config import schema
from stride.config.stored import read_stored_config
from stride.errors import (
    ConfigError,
    RunBusyError,
    RunExistsError,
    RunNotFoundError,
    RunStateError,
    StrideError,
)
from stride.store.liveness import Life
from stride.store.provenance.take import start_taking
from stride.store.record import CodeRecord, Status
from stride.store.run import Run

EXAMPLES = (
    "stride fit --config work_dir=exp --config model_kwargs.model_name=ResNet",
    "stride fit --config work_dir=exp --config run=baseline --config seed=1",
    "stride fit --config work_dir=exp --config-file base.yaml --remove fit_kwargs.clip_norm",
    "stride fit exp/4  # that stride create made",
)
FIELDS = RUN_FIELDS | {"results": "the metrics of the evaluation that ended the training"}


def fit(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            autocompletion=complete_run,
            help="A run that stride create made; it takes no --config.",
        ),
    ] = None,
    config: Config = None,
    config_file: ConfigFile = None,
    remove: Remove = None,
    json: Json = False,
) -> None:
    """Create a run and train it, or train a created one.

    Config, device and data are checked before the run appears. Progress and what the training code
    prints go to standard error; the answer is the run's address and its final metrics.
    """
    given = bool(config or config_file or remove)
    plan = _new(read_settings(config, config_file, remove)) if run is None else _created(run, given)
    trained, results = _train(plan)
    if json:
        answer.write_json({**run_fields(read_row(trained)), "results": results})
        return
    numbers = (f"{name}={metric_text(value)}" for name, value in results.items())
    answer.write("  ".join([trained.address, *numbers]))


@dataclass(frozen=True)
class Plan:
    """What is to be trained, and how the run is got: made, or taken as it was created.

    Attributes:
        experiment: folder of the run; it need not exist yet.
    """

    config: schema.Config
    experiment: Path
    claim: Callable[[tuple[CodeRecord, ...]], Run]


def _new(settings: Settings) -> Plan:
    """A run that is made when everything else is built."""
    experiment = settings.experiment()
    resolved = settings.resolve(experiment)
    if settings.run is not None and experiment.exists():
        with contextlib.suppress(RunNotFoundError):
            address = experiment.run(settings.run).address
            raise RunExistsError(
                f"{address} exists already; give another name, or see it with stride show {address}"
            )

    def claim(code: tuple[CodeRecord, ...]) -> Run:
        return experiment.create(
            resolved.config.to_json(),
            name=settings.run,
            overrides=settings.typed,
            chosen=resolved.chosen,
            code=code,
        )

    return Plan(resolved.config, experiment.path, claim)


def _created(address: str, given: bool) -> Plan:
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
    return Plan(schema.Config.from_json(tree), run.work_dir, lambda _: run)


def _refusal(run: Run) -> StrideError:
    """Why a run that is not waiting is not trained, and what serves instead."""
    record, verdict = run.read_record(), run.status()
    attempt = record.attempt
    if verdict.status is Status.RUNNING and verdict.life is not Life.CRASHED and attempt:
        return RunBusyError(
            f"{run.address} is being trained by process {attempt.pid} on {attempt.host} since "
            f"{moment_text(attempt.started)}; stride log {run.address} -f follows it"
        )
    use = f"stride load-run {run.address} uses it; " if verdict.status is Status.COMPLETED else ""
    return RunStateError(
        f"{run.address} is {verdict.word}, and only a created run can be trained; {use}"
        "stride fit --config work_dir=... makes a new one"
    )


def _train(plan: Plan) -> tuple[Run, dict[str, float]]:
    """Train; what the training code prints does not mix with the answer.

    Raises:
        StrideError: the run failed; the sentence says where its log is.
    """
    taking = start_taking(experiment=plan.experiment)
    # Deferred: these import torch, which takes longer than all before, and runs beside `taking`.
    from stride.training.fitting import fit_run
    from stride.training.given import Given
    from stride.training.progress import choose_view

    claimed: list[Run] = []

    def claim(code: tuple[CodeRecord, ...]) -> Run:
        claimed.append(plan.claim(code))
        return claimed[0]

    view = choose_view(sys.stderr, progress=plan.config.log_kwargs.progress)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            fitted = fit_run(
                plan.config, claim, given=Given(), view=view, taking=taking, launcher="stride fit"
            )
    except (RunBusyError, RunStateError):
        raise
    except Exception as error:
        if not claimed:
            raise
        raise _failure(claimed[0], error) from error
    except KeyboardInterrupt:
        if claimed:
            answer.note(f"{claimed[0].address} is stopped")
        raise
    return fitted.run, fitted.results


def _failure(run: Run, error: Exception) -> StrideError:
    """The sentence for a run that failed; what is no error of stride is shown with its trace."""
    if isinstance(error, StrideError):
        return StrideError(f"{run.address} failed: {error}; its log is {run.log_path()}")
    traceback.print_exception(error)
    what = f"{type(error).__name__}: {error}"
    return StrideError(f"{run.address} failed: {what}; its log is {run.log_path()}")
