"""`stride fit`: creates a run and trains it, or trains one that was created before."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.completion import complete_run
from stride.cli.ending import failure, interruption_text, numbers_text, summary_text
from stride.cli.experiment import open_run
from stride.cli.options import Config, ConfigFile, Json, Remove
from stride.cli.row import read_row
from stride.cli.run_json import FIELDS as RUN_FIELDS
from stride.cli.run_json import run_fields
from stride.cli.settings import Settings, read_settings, refuse_taken_name
from stride.cli.value import moment_text
from stride.config import schema
from stride.config.stored import read_stored_config
from stride.errors import (
    ConfigError,
    RunBusyError,
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
    row = read_row(trained)
    if json:
        answer.write_json({**run_fields(row), "results": results})
        return
    # On one screen the log has said the final metrics just now; elsewhere they are the answer.
    seen = plan.config.log_kwargs.progress and sys.stdout.isatty() and sys.stderr.isatty()
    answer.write(
        f"{trained.address}  {summary_text(row) if seen else numbers_text(results)}".rstrip()
    )


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
    refuse_taken_name(experiment, settings.run)

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
    if verdict.status is Status.COMPLETED:
        use = f"use it with stride load-run {run.address}"
    else:
        use = f"see it with stride show {run.address}"
    experiment = run.address.rpartition("/")[0]
    return RunStateError(
        f"{run.address} is {verdict.word}, and only a created run can be trained: {use}, or make "
        f"another with stride fit --config work_dir={experiment}"
    )


def _train(plan: Plan) -> tuple[Run, dict[str, float]]:
    """Train; what the training code prints does not mix with the answer.

    Raises:
        StrideError: the run failed; the sentence says how to see its log.
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
    except (Exception, SystemExit) as error:
        if not claimed:
            raise
        raise failure(claimed[0], error) from error
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is stopped; what is left takes no time
        if not claimed:
            raise
        raise KeyboardInterrupt(interruption_text(claimed[0])) from None
    return fitted.run, fitted.results
