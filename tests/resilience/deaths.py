"""The deaths of a training: at which moment SIGKILL ends it.

Four kinds. `AtStep` counts the steps of the optimisers and `AtEvaluation` the calls of modules that
are evaluated, through torch's own hooks; `AtFile` watches what the process does to the files below
a folder, through the audit events of Python, which are raised just before each opening, renaming,
linking, removing; `AfterSeconds` waits on a clock in another process, and so ends a training in the
middle of anything, native code included. In none of them the training is told: it ends by a real
SIGKILL, sent by itself or by its parent. Where a `signal` is named it gets that one instead, and
may end in its own way.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

_EVENTS = frozenset(
    {"open", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate"}
)

STAGED = r"^os\.mkdir .*/checkpoints/\.staging-[^/]*$"
COMMITTED = r"^os\.rename .* .*/checkpoints/step-[-\d]+$"
RETIRED = r"^os\.rename .*/checkpoints/step-.* .*/checkpoints/\.removed-.*$"
BEST = r"^os\.rename .* .*/weights/best\.safetensors$"
"""File events of a training: a checkpoint is begun, given its name, taken its name; weights that
became best are put in place. An event is met just before it happens.
"""


class AtStep(msgspec.Struct, frozen=True, tag="step"):
    """Before or after the n-th step of an optimiser in this attempt, counted from 1."""

    number: int
    edge: str = "after"
    signal: str = "SIGKILL"


class AtEvaluation(msgspec.Struct, frozen=True, tag="evaluation"):
    """At the n-th call of a module in evaluation mode, the parts of a model counted as well."""

    number: int
    signal: str = "SIGKILL"


class AtFile(msgspec.Struct, frozen=True, tag="file"):
    """At the file event that is the last of several, met in this order.

    Attributes:
        patterns: regular expressions, each searched in `<event> <path> [<new path>]`.
        number: the n-th event that is met by the last pattern.
    """

    patterns: tuple[str, ...] = ("",)
    number: int = 1


class AfterSeconds(msgspec.Struct, frozen=True, tag="seconds"):
    """So long after the process was started."""

    seconds: float


Death = AtStep | AtEvaluation | AtFile | AfterSeconds


@dataclass
class Fate:
    """Counts the moments of this process, from `begin` on, and ends it at the one that is chosen.

    Attributes:
        folder: below which file events count.
        steps, events: how many there were; of a training that came to its end, how many there are.
    """

    death: Death | None
    folder: Path
    steps: int = 0
    events: int = 0
    _calls: int = 0
    _met: int = 0
    _pid: int = field(default_factory=os.getpid)

    def begin(self) -> None:
        """Watch; there is no end to it but that of the process."""
        # Deferred: the tests that only name a death need no torch.
        from torch.nn.modules.module import register_module_forward_pre_hook
        from torch.optim import optimizer

        if isinstance(self.death, AtEvaluation):
            register_module_forward_pre_hook(self._before_call)
        optimizer.register_optimizer_step_pre_hook(self._before_step)
        optimizer.register_optimizer_step_post_hook(self._after_step)
        sys.addaudithook(self._on_event)

    def _before_step(self, *_: Any) -> None:
        self.steps += 1
        self._at_step("before")

    def _after_step(self, *_: Any) -> None:
        self._at_step("after")

    def _at_step(self, edge: str) -> None:
        death = self.death
        if isinstance(death, AtStep) and (death.number, death.edge) == (self.steps, edge):
            self._die(death.signal)

    def _before_call(self, module: Any, _: Any) -> None:
        if isinstance(self.death, AtEvaluation) and not module.training:
            self._calls += 1
            if self._calls == self.death.number:
                self._die(self.death.signal)

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _EVENTS:
            return
        count = 2 if event in ("os.link", "os.rename") else 1
        names = [os.fsdecode(name) for name in arguments[:count] if isinstance(name, str | bytes)]
        # A name without a folder is relative to an open one: how a tree is removed.
        relative = event != "open" and "/" not in "".join(names)
        inside = relative or any(name.startswith(f"{self.folder}/") for name in names)
        if not (names and inside and os.getpid() == self._pid):
            return
        self.events += 1
        if isinstance(self.death, AtFile) and self._is_met(" ".join((event, *names)), self.death):
            self._die()

    def _is_met(self, line: str, death: AtFile) -> bool:
        pattern = death.patterns[min(self._met, len(death.patterns) - 1)]
        if re.search(pattern, line):
            self._met += 1
        return self._met == len(death.patterns) - 1 + death.number

    def _die(self, name: str = "SIGKILL") -> None:
        os.kill(self._pid, signal.Signals[name])
