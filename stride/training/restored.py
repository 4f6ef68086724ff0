"""What a training goes on from: a checkpoint that was found, and what of it is taken."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn

from stride.config.schema import Config
from stride.errors import ConfigError, RunStateError, VerificationError
from stride.store.attempt import Attempt
from stride.store.run import Run
from stride.store.same_config import BORROWED
from stride.training.beginning import Beginning
from stride.training.checkpoints.reading import Found, read_checkpoint, read_newest
from stride.training.module_state import misfit
from stride.training.parts import Parts
from stride.training.ranks.ranks import Ranks
from stride.training.resuming import resumed_config
from stride.training.sharding.sharding import Sharding

if TYPE_CHECKING:
    from torch.distributed.device_mesh import DeviceMesh

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Restored:
    """A checkpoint to go on from.

    Attributes:
        kept: parts of the state that are not taken: of `optimizers`, `hyperparameters`,
            `schedule`, `balancing`, `early_stopping`, `reason`. They are as the config says.
    """

    found: Found
    kept: frozenset[str] = frozenset()

    @property
    def begun(self) -> int:
        """Steps that a new schedule does not count."""
        return self.found.manifest.position.step if "schedule" in self.kept else 0


def check_fits(run: Run, restored: Restored, parts: Parts) -> None:
    """Whether the weights of a checkpoint are those of the model, and of the task, that are to go
    on.

    Raises:
        ConfigError: keys or shapes are others.
    """
    for part, words in ((parts.model, "model"), (parts.task, "task")):
        if not isinstance(part, nn.Module):
            continue
        state = restored.found.state[words]
        wrong = "it has no weights" if state is None else misfit(part, state)
        if wrong is not None:
            raise ConfigError(
                f"the checkpoint of {run.address} is that of another {words}: {wrong}; a new run"
                f" begins with the weights that fit with --init-from {run.address}"
            )


def find_restored(run: Run, attempt: Attempt, mesh: DeviceMesh | None = None) -> Restored | None:
    """The newest checkpoint of the run that verifies; where there is none yet, it begins anew, at
    step 0.

    Args:
        mesh: where sharded weights come as parts.

    Raises:
        VerificationError: there are checkpoints, and none of them verifies.
        RunStateError: it began with the weights of another, which it has not saved yet.
        StorageError: the disk refused.
    """
    found = read_newest(run, mesh)
    if found is not None:
        return Restored(found)
    if run.checkpoint_paths.committed():
        raise VerificationError(
            f"none of the checkpoints of {run.address} is whole: put them back from a copy of the"
            f" run, or move {run.checkpoints_path} away to begin anew"
        )
    if (source := attempt.record.resolved.get(BORROWED)) is not None:
        raise RunStateError(
            f"{run.address} began with the weights of {source}, and was ended before its first"
            " checkpoint: it cannot begin again without them; make it anew"
        )
    if attempt.number > 1:  # else it was only created, and begins
        _logger.warning("%s has no checkpoint: it begins anew", run.address)
    for table in (run.steps, run.metrics, run.timings, run.digests):
        table.cut(0)
    for path in run.weights_path.glob("best*.safetensors"):
        path.unlink()
    attempt.forget_digests("best")
    attempt.rewind(best=(), step=0, epoch=1)
    return None


def find_on_all(
    run: Run, attempt: Attempt | None, ranks: Ranks, sharding: Sharding | None = None
) -> Restored | None:
    """The checkpoint that the first rank finds, on every rank; only the first has an attempt.

    Raises:
        VerificationError, RunStateError, StorageError: as `find_restored`.
    """
    mesh = None if sharding is None else sharding.mesh
    restored = None if attempt is None else find_restored(run, attempt, mesh)
    if ranks.world_size == 1:
        return restored
    path = ranks.broadcast(None if restored is None else str(restored.found.path))
    if attempt is not None or path is None:
        return restored
    return Restored(read_checkpoint(Path(path), mesh))


def changed_ranks(restored: Restored, ranks: Ranks) -> tuple[str, ...]:
    """What it means that another number of ranks goes on, in words."""
    before = restored.found.manifest.position.world_size
    if before == ranks.world_size:
        return ()
    now = "1 rank" if ranks.world_size == 1 else f"{ranks.world_size} ranks"
    return (
        f"goes on with {now} instead of {before}: with the same batches; what"
        " dropout and the like draw begins anew",
    )


def restored_of_source(
    beginning: Beginning, config: Config, sharding: Sharding | None = None
) -> Restored | None:
    """The checkpoint of another run that a new one goes on from.

    What the config gives another value than that run had begins anew: the optimiser's numbers, the
    schedule, which also does where its length was derived from that of the training.

    Raises:
        RunStateError: the run has no checkpoint that verifies.
        StoredFileError: its config or record cannot be read.
    """
    run = beginning.run
    if beginning.relation != "continued" or run is None:
        return None
    found = read_newest(run, None if sharding is None else sharding.mesh)
    if found is None:
        none = (
            "no checkpoint that is whole" if run.checkpoint_paths.committed() else "no checkpoint"
        )
        raise RunStateError(
            f"{run.address} has {none} to go on from; take its weights with"
            f" --init-from {run.address}"
        )
    record = run.read_record()
    before, _ = resumed_config(run, record, ())
    kept = {"early_stopping", "reason"}
    balancing = (before.fit_kwargs.balancing, config.fit_kwargs.balancing)
    if balancing[0] != balancing[1]:
        kept |= {"balancing"}
    learned = [each.method == "uncertainty" for each in balancing]  # in the optimiser, too
    if before.optimizer_kwargs.name != config.optimizer_kwargs.name or learned[0] != learned[1]:
        kept |= {"optimizers", "schedule"}
    elif before.optimizer_kwargs != config.optimizer_kwargs:
        kept |= {"hyperparameters", "schedule"}
    derived = any(key.startswith("scheduler_kwargs.") for key in record.resolved)
    if derived or before.scheduler_kwargs != config.scheduler_kwargs:
        kept |= {"hyperparameters", "schedule"}
    return Restored(found, frozenset(kept))
