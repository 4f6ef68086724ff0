"""The state of a training: all that must be there to go on exactly, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import torch
from torch import nn

from stride.errors import StoredFileError
from stride.store.position import Position
from stride.store.record import BestRecord
from stride.training.checkpoints.randomness import capture, restore
from stride.training.ledger import Ledger
from stride.training.module_state import put_module_state, read_module_state
from stride.training.monitors import Bests
from stride.training.optimizer_state import put_optimizer_state
from stride.training.own_state import OwnState
from stride.training.parts import Parts
from stride.training.ranks.exchange import exchange
from stride.training.sharding.local import place_module_state, place_optimizer_state
from stride.training.steps import Steps


class FitState:
    """Gathers the state of all parts, and puts it back.

    Attributes:
        bests: the best value of each monitor so far.
        reason: why the training ended before its plan; None while it has not.
    """

    def __init__(self, parts: Parts, steps: Steps, ledger: Ledger) -> None:
        self.bests = Bests(parts.monitors)
        self.reason: str | None = None
        self._parts = parts
        self._steps = steps
        self._ledger = ledger
        self._own = OwnState(parts, steps)

    @property
    def over(self) -> bool:
        """Whether all is trained and evaluated."""
        fit, steps = self._parts.fit_kwargs, self._steps
        planned = self._parts.planned_steps
        return (
            self.reason is not None
            or steps.epoch > fit.max_epochs
            or (planned is not None and steps.done >= planned and steps.evaluated == steps.done)
        )

    @property
    def position(self) -> Position:
        """Where the training is: between two epochs the one that ended counts."""
        steps = self._steps
        epoch = steps.epoch - 1 if steps.consumed == 0 and steps.done else steps.epoch
        ranks = self._parts.ranks
        return Position(steps.done, epoch, steps.consumed, ranks.world_size)

    def gather(self) -> dict[str, Any]:
        """The state at the edge of a step, as it lies in memory: nothing is copied but what is
        small. Waits for the device.

        Raises:
            NonFiniteError: a loss that was not read yet is not finite.
        """
        parts = self._parts
        return {
            "steps": self._steps.state_dict(),
            "model": read_module_state(parts.model),
            "task": read_module_state(parts.task) if isinstance(parts.task, nn.Module) else None,
            "optimizers": {name: each.state_dict() for name, each in parts.optimizers.items()},
            "scaler": None if parts.scaler is None else parts.scaler.state_dict(),
            "schedule": parts.schedule.state_dict(),
            "average": None if parts.average is None else parts.average.state_dict(),
            "early_stopping": parts.early_stopping.state_dict(),
            "balancing": None if parts.balancing is None else parts.balancing.state_dict(),
            "bests": self.bests.state_dict(),
            "records": [msgspec.to_builtins(each) for each in self._ledger.bests],
            "last": dict(self._ledger.last),
            "reason": self.reason,
            "data": parts.train.state_dict(),
            "randomness": capture(),
            "ranks": self._of_other_ranks(),
        }

    def _of_other_ranks(self) -> list[Any]:
        """What the second and each further rank has of its own; where the ranks write themselves,
        only what this one has.
        """
        ranks = self._parts.ranks
        if ranks.world_size == 1:
            return []
        if self._parts.sharding is not None:
            return [] if ranks.is_first else [self._own.gather()]
        own = None if ranks.is_first else self._own.gather()
        return exchange(ranks, own, torch.device("cpu"))[1:]

    def put_back(self, state: Mapping[str, Any], *, kept: frozenset[str] = frozenset()) -> None:
        """Take the state up.

        Args:
            kept: what stays as it was built; see `Restored`.

        Raises:
            StoredFileError: it is not that of these parts: their code or settings are others.
        """
        parts = self._parts
        try:
            # First: a task may change the model at the beginning of an epoch, and itself. Between
            # two epochs it is as the one that ended left it: it may be evaluated like that.
            begun = state["steps"]["epoch"] - (state["steps"]["consumed"] == 0)
            if begun > 0:
                parts.task.begin_epoch(parts.model, begun)
            put_module_state(parts.model, place_module_state(parts.model, state["model"]))
            if isinstance(parts.task, nn.Module):
                put_module_state(parts.task, state["task"])
            if "optimizers" not in kept:
                for name, optimizer in parts.optimizers.items():
                    put_optimizer_state(
                        optimizer,
                        place_optimizer_state(optimizer, state["optimizers"][name]),
                        hyperparameters="hyperparameters" not in kept,
                    )
            if parts.scaler is not None and state["scaler"] is not None:
                parts.scaler.load_state_dict(state["scaler"])
            if "schedule" not in kept:
                parts.schedule.load_state_dict(state["schedule"])
            if parts.average is not None and state["average"] is not None:
                parts.average.load_state_dict(state["average"])
            if "early_stopping" not in kept:
                parts.early_stopping.load_state_dict(state["early_stopping"])
            if parts.balancing is not None and "balancing" not in kept:
                parts.balancing.load_state_dict(state["balancing"])
            self.bests.load_state_dict(state["bests"])
            self._steps.load_state_dict(state["steps"])
        except (KeyError, ValueError, RuntimeError, TypeError) as error:
            raise StoredFileError(
                "the checkpoint does not fit the parts of this training; was code changed?"
                f" {_words(error)}"
            ) from error
        self._ledger.rewind(
            msgspec.convert(state["records"], tuple[BestRecord, ...]),
            state["last"],
            step=self._steps.done,
            epoch=self.position.epoch,
        )
        self.reason = None if "reason" in kept else state["reason"]
        parts.train.load_state_dict(state["data"])
        # Last: building and loading may draw.
        ranks, others = parts.ranks, state["ranks"]
        if ranks.world_size != len(others) + 1:
            tallies = [state["steps"]["tally"], *(other["tally"] for other in others)]
            self._own.redistribute(tallies, parts.seed)
        elif ranks.is_first:
            restore(state["randomness"])
        else:
            self._own.put_back(others[ranks.rank - 1])


def _words(error: Exception) -> str:
    """What was wrong; a RuntimeError of ours or of torch says it in words already."""
    said = " ".join(str(error).split())
    return said if type(error) is RuntimeError else f"{type(error).__name__}: {said}"
