"""The loop: one training, from its parts to its results, as statements in a fixed order."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Iterator

from stride.store.record import BestRecord
from stride.store.run import Run
from stride.training.agreed_buffers import agreed_buffers
from stride.training.batches.protocol import Batches
from stride.training.callbacks import Callbacks
from stride.training.due import Due
from stride.training.epoch_line import epoch_line
from stride.training.evaluation import evaluate
from stride.training.fit_state import FitState
from stride.training.ledger import Ledger
from stride.training.moments import EpochEnded, FitBegins, Plan
from stride.training.parts import Parts
from stride.training.restored import Restored
from stride.training.saver import Saver, checkpoints_of
from stride.training.seeding import derive, own_randomness
from stride.training.settled_memory import settled_memory
from stride.training.steps import Steps
from stride.training.stopping import AtStepEdge, Stop
from stride.training.task import modules_of
from stride.training.timing import EpochClock

_logger = logging.getLogger(__name__)

Row = dict[str, float | int]


def fit(
    parts: Parts,
    run: Run,
    ledger: Ledger,
    callbacks: Callbacks,
    stop: Stop,
    restored: Restored | None = None,
    *,
    save_first: bool = False,
) -> tuple[dict[str, float], str | None]:
    """Train, and give the metrics of the final evaluation, and why it ended before its plan, if it
    did. The status of the run is `running`; the parts are built.

    1. What a checkpoint holds is put back; with `save_first` it is saved here at once.
    2. Until `max_epochs`, `max_steps`, or somebody asks for the end:

       a. the steps: batch, losses, gradients, update; a row of steps.csv at each log step; a
          checkpoint where one is due; up to the end of the epoch, or the next evaluation
       b. the evaluation on val, with the average of the weights where there is one
       c. the schedulers
       d. the row of metrics.csv, and the epoch line
       e. the weights that became best
       f. a sign of life, and the watchers, which may ask for the end
       g. the checkpoint

    3. The last weights; these are also written when an exception ends the training.
    4. The evaluation with the best weights, on test or, where there is none, on val: the results.

    The caller sets the status: `completed` on return; on an exception `failed`, or `stopped` where
        it was asked for.

    Raises:
        NonFiniteError: a loss is nan or infinite; the last weights are those before it.
        KeyboardInterrupt, StoppedError: it was asked for; the last weights are those of a whole
            step, and a checkpoint of it was written.
        StorageError: weights or results cannot be written.
    """
    due = Due(parts.checkpoint_kwargs, stop)
    steps = Steps(parts, ledger, callbacks, stop, due)
    state = FitState(parts, steps, ledger)
    found = None if restored is None else restored.found
    saver = Saver(ledger, checkpoints_of(parts, run, found), state, due, callbacks)
    clock = EpochClock(ledger, parts.device)
    for module in modules_of(parts.model, parts.task):
        module.train()
    if restored is not None:
        state.put_back(restored.found.state, kept=restored.kept)
        ledger.put_back(restored.found, logged=steps.logged, evaluated=steps.evaluated)
        restored.found.state.clear()  # it lies in the parts by now
    callbacks.tell(FitBegins(run, steps.done, _plan(parts), steps.epoch))
    if save_first:
        saver.save()
        saver.finish()

    try:
        with settled_memory():
            while not state.over:
                clock.begin_epoch(steps.done)
                edge = steps.train(saver)
                clock.begin_evaluation()
                epoch, became_best = steps.epoch, False
                row: Row | None = None
                if edge.evaluate:
                    row = {"epoch": epoch, "step": steps.done, "lr": steps.lr}
                    with _evaluated_weights(parts):
                        measured = _measured(parts, parts.val, "val", steps)
                        row |= steps.means() | measured
                        parts.schedule.after_evaluation(row)
                        ledger.evaluation_row(row)
                        _logger.info("%s", epoch_line(row, parts.fit_kwargs.max_epochs))
                        _warn_of_nonfinite(row)
                        became_best = _write_best(row, state, ledger)
                    steps.evaluated = steps.done
                    state.reason = parts.early_stopping.update(row)
                    clock.end_epoch(epoch, steps.done, parts.train.batch_size)
                    ledger.sign(steps.done, epoch, metrics=_numbers(row))
                    callbacks.tell(EpochEnded(steps.done, epoch, row))
                    asked = parts.ranks.broadcast(callbacks.stop_reason)
                    state.reason = state.reason or asked
                if edge.epoch_ended:
                    parts.schedule.after_epoch(row)
                    steps.begin_next_epoch()
                if state.over:
                    steps.finish()
                by_epoch = edge.epoch_ended and due.after_epoch(epoch)
                if state.over or by_epoch or due.after_step(steps.done):
                    saver.save(epoch_ended=edge.epoch_ended, best=became_best)
                saver.tell()
                if not state.over:
                    stop.check()
        if state.reason is not None:
            _logger.info("the training ends before its plan: %s", state.reason)
        _write_last(parts, ledger)
    except AtStepEdge:
        ledger.sign(steps.done, state.position.epoch)
        saver.save()
        _write_last(parts, ledger)
        raise stop.error() from None
    except BaseException:
        if parts.sharding is None:  # else the other ranks, which may not have failed, must help
            with contextlib.suppress(OSError):  # what is on its way up says more than this
                ledger.write_weights("last.safetensors")
        raise
    finally:
        steps.release()
        saver.finish()
    try:
        return _final_evaluation(parts, state, ledger, steps), state.reason
    except AtStepEdge:  # the checkpoint of the last step is there
        raise stop.error() from None


def _write_last(parts: Parts, ledger: Ledger) -> None:
    with agreed_buffers(modules_of(parts.model, parts.task), parts.ranks):
        ledger.write_weights("last.safetensors")


def _final_evaluation(
    parts: Parts, state: FitState, ledger: Ledger, steps: Steps
) -> dict[str, float]:
    first = parts.monitors[0]
    if state.bests.any_for(first):
        ledger.load_weights(state.bests.weights_name(first))
    else:
        _logger.warning("%s was never a number: the last weights are used", first.column)
    split, batches = ("val", parts.val) if parts.test is None else ("test", parts.test)
    results = _measured(parts, batches, split, steps)
    if results:
        ledger.results(results)
        _logger.info("%s with the best weights: %s", split, _shown(results))
    return results


def _plan(parts: Parts) -> Plan:
    steps = len(parts.train)
    samples = parts.train.samples / steps if steps else 0.0
    return Plan(parts.fit_kwargs.max_epochs, steps or None, parts.planned_steps, samples)


@contextlib.contextmanager
def _evaluated_weights(parts: Parts) -> Iterator[None]:
    """The weights that are evaluated, and saved where they are best: the average, if any, with
    buffers that all ranks agree on.
    """
    with contextlib.ExitStack() as stack:
        if parts.average is not None:
            stack.enter_context(parts.average.in_place())
        stack.enter_context(agreed_buffers(modules_of(parts.model, parts.task), parts.ranks))
        yield


def _measured(parts: Parts, batches: Batches | None, split: str, steps: Steps) -> dict[str, float]:
    """The losses and metrics on a split, named `<split>_*`; none where there is no such split."""
    if batches is None:
        return {}
    with own_randomness(derive(parts.seed, "evaluation")):
        values = evaluate(
            parts.task,
            parts.model,
            batches,
            parts.device,
            between=steps.pause,
            precision=parts.precision,
            factors=parts.fit_kwargs.balancing.weights,
            ranks=parts.ranks,
            together=parts.sharding is not None,
        )
    return {f"{split}_{name}": value for name, value in values.items()}


def _write_best(row: Row, state: FitState, ledger: Ledger) -> bool:
    """Write the weights for each monitor that the row is best by; whether the first is one."""
    improved = state.bests.update(row)
    for monitor, value in improved:
        name = state.bests.weights_name(monitor)
        ledger.write_weights(name)
        ledger.best(
            BestRecord(
                monitor=monitor.column,
                mode=monitor.mode,
                value=value,
                epoch=int(row["epoch"]),
                step=int(row["step"]),
                weights=name,
                metrics=_numbers(row),
            )
        )
    return any(monitor == state.bests.monitors[0] for monitor, _ in improved)


def _warn_of_nonfinite(row: Row) -> None:
    """A training loss that is not finite has ended the training already; others are said."""
    for name, value in row.items():
        if name.startswith("val_loss") and not math.isfinite(value):
            _logger.warning("%s is %s after epoch %s", name, value, row["epoch"])


def _numbers(row: Row) -> dict[str, float]:
    return {name: value for name, value in row.items() if name not in ("epoch", "step")}


def _shown(values: dict[str, float]) -> str:
    return " ".join(f"{name}={value:.4f}" for name, value in values.items())
