"""stride: an experiment manager for people who train PyTorch models.

The words, used everywhere in the code, the help and the documents:

experiment
    a folder, `work_dir`, and the runs in it.
run
    one training; a folder `work_dir/<number or name>` with a permanent id.
config, override
    the full tree of settings of a run; one `a.b=c` that changes it.
task
    what one step computes: batch in, named losses and metrics out.
attempt
    one try at a run, from the start of a process to its end; a resumed run has several.
checkpoint, weights
    all that is needed to go on; all that is needed to use the model.
metric, monitor
    a named number; the one that decides which weights are best.
callback
    an observer of a training. Tasks act, callbacks watch.
sweep
    many runs from one search space.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stride.errors import StrideError

if TYPE_CHECKING:
    from stride.store.run import Run as Run
    from stride.store.work_dir import WorkDir as WorkDir
    from stride.training.batches.sampler import Sampler as Sampler
    from stride.training.callbacks import Callback as Callback
    from stride.training.callbacks import StopRequest as StopRequest
    from stride.training.moments import CheckpointSaved as CheckpointSaved
    from stride.training.moments import EpochEnded as EpochEnded
    from stride.training.moments import FitBegins as FitBegins
    from stride.training.moments import FitEnded as FitEnded
    from stride.training.moments import StepLogged as StepLogged
    from stride.training.output import Output as Output
    from stride.training.partial_weights import Match as Match
    from stride.training.partial_weights import load_matching as load_matching
    from stride.training.task import Task as Task
    from stride.training.trainer import Trainer as Trainer
    from stride.training.updater import Updater as Updater

__version__ = "0.1.0"
__all__ = [
    "Callback",
    "CheckpointSaved",
    "EpochEnded",
    "FitBegins",
    "FitEnded",
    "Match",
    "Output",
    "Run",
    "Sampler",
    "StepLogged",
    "StopRequest",
    "StrideError",
    "Task",
    "Trainer",
    "Updater",
    "WorkDir",
    "__version__",
    "load_matching",
]

_HOMES = {
    "Callback": "stride.training.callbacks",
    "StopRequest": "stride.training.callbacks",
    "CheckpointSaved": "stride.training.moments",
    "EpochEnded": "stride.training.moments",
    "FitBegins": "stride.training.moments",
    "FitEnded": "stride.training.moments",
    "StepLogged": "stride.training.moments",
    "Match": "stride.training.partial_weights",
    "load_matching": "stride.training.partial_weights",
    "Sampler": "stride.training.batches.sampler",
    "Updater": "stride.training.updater",
    "Run": "stride.store.run",
    "WorkDir": "stride.store.work_dir",
    "Output": "stride.training.output",
    "Task": "stride.training.task",
    "Trainer": "stride.training.trainer",
}


def __getattr__(name: str) -> Any:
    """Fetch a public name on first use: torch takes a second, and `stride list` needs none."""
    if name not in _HOMES:
        raise AttributeError(f"module 'stride' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
