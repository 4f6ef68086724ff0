"""The tally: the running sums of the tables, and what of the last steps is still on the device."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from stride.errors import NonFiniteError
from stride.tables import Cell
from stride.training.averages import WeightedMeans, merged
from stride.training.batches.protocol import Batches
from stride.training.evaluation import place_metrics
from stride.training.loss_reader import LossReader
from stride.training.metric_state import put_metric_state, read_metric_state
from stride.training.metrics import Sums, read_metrics
from stride.training.output import Output
from stride.training.parts import Parts
from stride.training.ranks.exchange import exchange
from stride.training.updater import Updater

_logger = logging.getLogger(__name__)

_NAMED_SAMPLES = 64
"""Indices of samples that a sentence names at most."""


class Tally:
    """Adds up losses, gradient norms and metrics. Only `read` waits for the device."""

    def __init__(self, parts: Parts, updaters: Mapping[str, Updater]) -> None:
        self._policy = parts.fit_kwargs.on_nonfinite
        self._train: Batches = parts.train
        self._device = parts.device
        self._updaters = updaters
        self._losses = LossReader()
        self._row = WeightedMeans()
        self._period = WeightedMeans()
        self._metrics = parts.task.metrics()
        self._balancing = parts.balancing
        self._ranks = parts.ranks
        # Over several ranks, sums are added up in the end; what is no sum is told all outputs.
        several = parts.ranks.world_size > 1
        told = [each for each in self._metrics.values() if several and not isinstance(each, Sums)]
        self._told = [metric.update for metric in told]
        self._updates = [each.update for each in self._metrics.values() if each not in told]
        place_metrics(self._metrics.values(), parts.device)
        self._skipped = 0
        self._read_until = 0

    def add(self, results: list[tuple[Output, Tensor]], step: int) -> None:
        """Take in what a step computed."""
        for output, total in results:
            self._losses.add(output, total, step)
            for update in self._updates:
                update(*output.outputs)
        if self._told:
            outputs = [output.outputs for output, _ in results]
            for of_rank in exchange(self._ranks, outputs, self._device):
                for each in of_rank:
                    for update in self._told:
                        update(*each)

    def leave_out(
        self, results: list[tuple[Output, Tensor]], step: int, place: tuple[int, int]
    ) -> None:
        """Count a step whose update was not made; under `stop` this ends the training.

        Args:
            place: its epoch and the position of its window there.

        Raises:
            NonFiniteError: with the step, its loss and its samples.
        """
        mine = all(math.isfinite(total.item()) for _, total in results)
        finite = all(self._ranks.gather(mine))  # the sum is the same on all: each comes here
        what = "a gradient" if finite else "the loss"
        if not results:  # the task was stopped on its way
            what = "a loss or gradient"
        if self._policy == "stop":
            raise self._error(what, step, place)
        self._say_skipped(what, step, place)

    def read(self, done: int, place: tuple[int, int]) -> None:
        """Read what the steps up to `done` computed: the one place that waits for the device.

        Args:
            place: epoch and window of the last step.

        Raises:
            NonFiniteError: a loss or gradient was not finite, and the policy is to stop.
        """
        epoch, window = place
        for updater in self._updaters.values():
            for position in updater.read_skipped():
                step = self._read_until + 1 + position
                at = (epoch, window - (done - step))
                if self._policy == "stop":
                    raise self._error("the loss or a gradient", step, at)
                self._losses.leave_out(step)
                self._say_skipped("the loss or a gradient", step, at)
            for norm in updater.read_norms():
                if math.isfinite(norm) or self._policy == "ignore":
                    self._row.add("gradient_norm", norm, 1.0)
        self._read_until = done
        if self._policy == "skip":  # those that the scaler of fp16 has skipped by itself
            for step in self._losses.leave_out_nonfinite():
                self._say_skipped("the loss", step, (epoch, window - (done - step)))
        bad = self._losses.read_into(self._row, self._period)
        if self._balancing is not None:
            for name, weights in self._balancing.read_weights().items():
                for weight in filter(math.isfinite, weights):
                    self._row.add(f"weight_{name}", weight, 1.0)
        if bad is None:
            return
        at = (epoch, window - (done - bad))
        if self._policy == "ignore":
            _logger.warning("the loss is not finite at step %d%s", bad, self._samples(at))
        else:
            raise self._error("the loss", bad, at)

    @property
    def has_row(self) -> bool:
        """Whether anything was read since the last row."""
        return bool(self._together(self._row)) or self._skipped > 0

    def take_row(self) -> dict[str, Cell]:
        """The means since the last row; they begin again."""
        means: dict[str, Cell] = dict(self._together(self._row))
        norm = means.pop("gradient_norm", None)
        if norm is not None:
            means["gradient_norm"] = norm
        if self._skipped:
            means["skipped"] = self._skipped
        self._row.clear()
        self._skipped = 0
        return means

    def take_means(self) -> dict[str, float]:
        """The means of losses and metrics since the last evaluation; they begin again."""
        values = self._together(self._period) | self._read_metrics()
        self._period.clear()
        for metric in self._metrics.values():
            metric.reset()
        return values

    def _together(self, means: WeightedMeans) -> dict[str, float]:
        """The means over all ranks."""
        if self._ranks.world_size == 1:
            return means.means()
        return merged(self._ranks.gather(means.state_dict())).means()

    def _read_metrics(self) -> dict[str, float]:
        if self._ranks.world_size == 1:
            return read_metrics(self._metrics)
        values = {}
        for name, metric in self._metrics.items():
            if isinstance(metric, Sums):
                sums = self._ranks.gather(metric.read_sums())
                values[name] = metric.value_of(sums)
            else:
                values |= read_metrics({name: metric})
        return values

    def state_dict(self) -> dict[str, Any]:
        """The sums, after all was read."""
        return {
            "row": self._row.state_dict(),
            "period": self._period.state_dict(),
            "metrics": {
                name: read_metric_state(each, self._device) for name, each in self._metrics.items()
            },
            "skipped": self._skipped,
            "read_until": self._read_until,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the sums up."""
        self._row.load_state_dict(state["row"])
        self._period.load_state_dict(state["period"])
        for name, metric in self._metrics.items():
            put_metric_state(metric, state["metrics"][name], self._device)
        self._skipped = state["skipped"]
        self._read_until = state["read_until"]

    def load_merged(self, states: Sequence[Mapping[str, Any]], *, first: bool) -> None:
        """Take up the sums of several, which add up to those of all.

        Args:
            first: whether this rank has them from here on; the others begin with none.
        """
        added = states if first else ()
        self._row = merged([state["row"] for state in added])
        self._period = merged([state["period"] for state in added])
        for name, metric in self._metrics.items():
            if isinstance(metric, Sums):
                metric.load_merged([state["metrics"][name] for state in added])
            else:  # each was told all
                put_metric_state(metric, states[0]["metrics"][name], self._device)
        self._skipped = states[0]["skipped"]
        self._read_until = states[0]["read_until"]

    def _say_skipped(self, what: str, step: int, place: tuple[int, int]) -> None:
        self._skipped += 1
        _logger.warning(
            "%s is not finite at step %d%s: the update is skipped", what, step, self._samples(place)
        )

    def _error(self, what: str, step: int, place: tuple[int, int]) -> NonFiniteError:
        return NonFiniteError(
            f"{what} is not finite at step {step} (epoch {place[0]}{self._samples(place)}), and the"
            " last weights are those before it; lower optimizer_kwargs.lr, set"
            " fit_kwargs.clip_norm, look at the data, or have such steps left out with"
            " fit_kwargs.on_nonfinite=skip"
        )

    def _samples(self, place: tuple[int, int]) -> str:
        """Which samples a step saw, as far as that is known."""
        epoch, window = place
        indices: list[int] | None = None
        with contextlib.suppress(Exception):  # what it is told for is worse
            indices = self._train.indices(epoch, window) if window >= 0 else None
        if not indices:
            return ""
        more = len(indices) - _NAMED_SAMPLES
        shown = ", ".join(map(str, indices[:_NAMED_SAMPLES]))
        return f", samples {shown}" + (f" and {more} more" if more > 0 else "")
