"""The loop: one training, from its parts to its results, as statements in a fixed order."""

from __future__ import annotations

import contextlib
import logging
import math

from stride.store.attempt import Attempt
from stride.store.record import BestRecord
from stride.store.run import Run
from stride.training.batches.protocol import Batches
from stride.training.epoch_line import epoch_line
from stride.training.evaluation import evaluate
from stride.training.moments import EpochEnded, FitBegins, Plan
from stride.training.monitors import Bests
from stride.training.parts import Parts
from stride.training.steps import Steps
from stride.training.stopping import Stop
from stride.training.task import modules_of
from stride.training.timing import EpochClock
from stride.training.view import View
from stride.training.weights_files import WeightsFiles

_logger = logging.getLogger(__name__)

Row = dict[str, float | int]


def fit(parts: Parts, run: Run, attempt: Attempt, view: View, stop: Stop) -> dict[str, float]:
    """Train, and give the metrics of the final evaluation. The status of the run is `running`; the
    parts are built.

    1. For each epoch, until `max_epochs` or `max_steps`:

       a. the steps: batch, losses, gradients, update; a row of steps.csv at each log step
       b. the evaluation on val
       c. the scheduler
       d. the row of metrics.csv, and the epoch line
       e. the weights that became best
       f. the view, and a sign of life

    2. The last weights; these are also written when an exception ends the training.
    3. The evaluation with the best weights, on test or, where there is none, on val: the results.

    The caller sets the status: `completed` on return; on an exception `failed`, or `stopped` where
        it was asked for.

    Raises:
        NonFiniteError: a loss is nan or infinite; the last weights are those before it.
        KeyboardInterrupt: it was asked for; the last weights are those of a whole step.
        StorageError: weights or results cannot be written.
    """
    steps = Steps(parts, run, attempt, view, stop)
    files = WeightsFiles(run, attempt, parts.model, parts.task)
    bests = Bests(parts.monitors)
    clock = EpochClock(run.timings, parts.device)
    row: Row = {}
    for module in modules_of(parts.model, parts.task):
        module.train()
    view.observe(FitBegins(run, 0, _plan(parts)))
    try:
        for epoch in range(1, parts.fit_kwargs.max_epochs + 1):
            clock.begin_epoch(steps.done)
            trained = steps.run_epoch(epoch)
            clock.begin_evaluation()
            row = {"epoch": epoch, "step": steps.done, "lr": steps.lr, **trained}
            row |= _measured(parts, parts.val, "val", steps)
            parts.schedule.after_epoch(row)
            run.metrics.append(row)
            _logger.info("%s", epoch_line(row, parts.fit_kwargs.max_epochs))
            _warn_of_nonfinite(row)
            for monitor, value in bests.update(row):
                name = bests.weights_name(monitor)
                files.write(name)
                attempt.best(
                    BestRecord(
                        monitor=monitor.column,
                        mode=monitor.mode,
                        value=value,
                        epoch=epoch,
                        step=steps.done,
                        weights=name,
                        metrics=_numbers(row),
                    )
                )
            clock.end_epoch(epoch, steps.done, parts.train.batch_size)
            attempt.sign(
                step=steps.done,
                epoch=epoch,
                max_epochs=parts.fit_kwargs.max_epochs,
                max_steps=parts.fit_kwargs.max_steps,
                metrics=_numbers(row),
            )
            view.observe(EpochEnded(steps.done, epoch, row))
            if steps.done >= parts.planned_steps:
                break
        steps.finish()
        files.write("last.safetensors")
    except BaseException:
        steps.release()
        with contextlib.suppress(OSError):  # what is on its way up says more than a second failure
            files.write("last.safetensors")
        raise
    finally:
        view.end()

    best = bests.weights_name(parts.monitors[0])
    if bests.any_for(parts.monitors[0]):
        files.load(best)
    else:
        _logger.warning(
            "%s was never a number: the last weights are used", parts.monitors[0].column
        )
    split, batches = ("val", parts.val) if parts.test is None else ("test", parts.test)
    results = _measured(parts, batches, split, steps)
    if results:
        run.save_results(results)
        _logger.info("%s with the best weights: %s", split, _shown(results))
    return results


def _plan(parts: Parts) -> Plan:
    fit = parts.fit_kwargs
    steps = len(parts.train)
    return Plan(fit.max_epochs, steps, parts.planned_steps, parts.train.samples / max(steps, 1))


def _measured(parts: Parts, batches: Batches | None, split: str, steps: Steps) -> dict[str, float]:
    """The losses and metrics on a split, named `<split>_*`; none where there is no such split."""
    if batches is None:
        return {}
    values = evaluate(parts.task, parts.model, batches, between=steps.pause, device=parts.device)
    return {f"{split}_{name}": value for name, value in values.items()}


def _warn_of_nonfinite(row: Row) -> None:
    """A training loss that is not finite has ended the training already; others are said."""
    for name, value in row.items():
        if name.startswith("val_loss") and not math.isfinite(value):
            _logger.warning("%s is %s after epoch %s", name, value, row["epoch"])


def _numbers(row: Row) -> dict[str, float]:
    return {name: value for name, value in row.items() if name not in ("epoch", "step")}


def _shown(values: dict[str, float]) -> str:
    return " ".join(f"{name}={value:.4f}" for name, value in values.items())
