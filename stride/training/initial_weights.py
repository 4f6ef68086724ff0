"""The initial weights of a run that begins with those of another, or of a file."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from stride.errors import ConfigError
from stride.store.weights_digests import recorded_digests
from stride.training.beginning import Beginning
from stride.training.loading import choose_weights
from stride.training.partial_weights import load_matching
from stride.training.task import Task
from stride.training.weights import TASK_PREFIX, decode_weights, read_weights


def put_initial_weights(beginning: Beginning, model: nn.Module, task: Task) -> list[str]:
    """Fill what fits by name and shape; the sentence, if there is one, says what did and what
    did not.

    Raises:
        RunStateError, VerificationError, StoredFileError: the weights cannot be read.
        DataError, ConfigError: the file cannot be read, or nothing of it fits.
    """
    if beginning.relation != "weights":
        return []
    if beginning.run is None:
        if beginning.weights is None:
            raise ConfigError("--init-from needs a run or a safetensors file")
        return [load_matching(model, Path(beginning.weights)).sentence]
    run = beginning.run
    record = run.read_record()
    name = choose_weights(run, record, beginning.weights)
    path = run.weights_file(name)
    content = read_weights(path, recorded_digests(record.digests, name))
    tensors = decode_weights(content, path)
    own = {key: each for key, each in tensors.items() if not key.startswith(TASK_PREFIX)}
    source = f"{name} of {run.address}"
    said = [load_matching(model, own, source=source).sentence]
    of_task = any(key.startswith(TASK_PREFIX) for key in tensors)
    if of_task and isinstance(task, nn.Module) and task.state_dict():
        said.append(load_matching(task, tensors, prefix=TASK_PREFIX, source=source).sentence)
    return ["; ".join(said)]
