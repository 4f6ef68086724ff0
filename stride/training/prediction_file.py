"""Predictions for the inputs in a file, and the file that they are saved in."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from stride.errors import DataError, UsageError
from stride.files import storage_errors, write_exclusive
from stride.training.datasets.array_file import read_array
from stride.training.loading import Loaded
from stride.training.prediction import predict
from stride.training.seeding import own_randomness


def predict_file(loaded: Loaded, source: Path, key: str) -> NDArray[Any]:
    """Predictions `(samples, ...)` for the inputs `(samples, *input_shape)` of an .npy or .npz.

    Raises:
        DataError: the file cannot be read, the inputs have another shape than those of the
            training, or what the task predicts is not one array.
    """
    inputs = read_array(source, key, option="--input")
    config = loaded.config
    with own_randomness(config.seed):
        found = predict(
            loaded.task,
            loaded.model,
            np.array(inputs),  # a copy: a file that is mapped read-only makes torch warn
            device=loaded.device,
            batch_size=config.load_data_kwargs.test_loader_kwargs.batch_size,
            facts=loaded.record.resolved,
        )
    if not isinstance(found, Tensor):
        raise DataError(
            f"the task of {loaded.run.address} predicts a {type(found).__name__}, which no .npy"
            " holds; use trainer.predict(inputs) from Python"
        )
    return np.asarray(found.numpy())


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Write a new .npy file, whole or not at all.

    Raises:
        UsageError: there is a file by now.
        StorageError: the disk refused.
    """
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    with storage_errors("write", path):
        written = write_exclusive(path, stream.getvalue())
    if not written:
        raise UsageError(f"--output {path} exists already, and is not overwritten")
