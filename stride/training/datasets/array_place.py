"""The place of a user's inputs and targets on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from stride.errors import DataError
from stride.training.datasets.array_file import read_array


@dataclass(frozen=True)
class ArrayPlace:
    """Where inputs and targets are.

    Attributes:
        inputs, targets: an .npz, an .npy, or a folder of .npy files each; often the same.
        inputs_key, targets_key: names of the arrays in an .npz or folder.
        option: the key of the config that said so, for the sentences.
    """

    inputs: Path
    targets: Path
    inputs_key: str
    targets_key: str
    option: str

    def read(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Inputs and targets, one row a sample.

        Raises:
            DataError: they cannot be read, are empty, or differ in length.
        """
        if self.inputs.suffix == ".npy" and self.option != "inputs_path":
            raise DataError(
                f"{self.option}: {self.inputs} is one array, and inputs and targets are two; give"
                " inputs_path and targets_path, or an .npz with both"
            )
        inputs = read_array(self.inputs, self.inputs_key, option=self.option)
        targets = read_array(self.targets, self.targets_key, option=self.option)
        if inputs.ndim == 0 or inputs.size == 0:
            raise DataError(f"{self.option}: the inputs in {self.inputs} are empty")
        if targets.ndim == 0 or len(inputs) != len(targets):
            count = len(targets) if targets.ndim else 1
            raise DataError(
                f"{self.option}: inputs and targets differ in length: {len(inputs)} inputs in"
                f" {self.inputs}, {count} targets in {self.targets}"
            )
        # One number a sample is a feature of its own.
        return inputs[:, None] if inputs.ndim == 1 else inputs, targets

    def files(self) -> tuple[Path, ...]:
        """The files that hold them."""
        return tuple(dict.fromkeys((self.inputs_file, _file(self.targets, self.targets_key))))

    @property
    def inputs_file(self) -> Path:
        """The file that holds the inputs."""
        return _file(self.inputs, self.inputs_key)


def _file(path: Path, key: str) -> Path:
    return path / f"{key}.npy" if path.is_dir() else path


def find_place(
    *,
    path: Path | None,
    train_path: Path | None,
    inputs_path: Path | None,
    targets_path: Path | None,
    inputs_key: str,
    targets_key: str,
) -> ArrayPlace:
    """The place that the options of the data set `arrays` name.

    Raises:
        DataError: they name none, several, or only half of one.
    """
    if (inputs_path is None) != (targets_path is None):
        missing = "inputs_path" if inputs_path is None else "targets_path"
        raise DataError(f"inputs_path and targets_path belong together; {missing} is missing")
    places = {
        "path": (path, path),
        "train_path": (train_path, train_path),
        "inputs_path": (inputs_path, targets_path),
    }
    named = [option for option, (file, _) in places.items() if file is not None]
    if len(named) > 1:
        raise DataError(f"{named[0]} and {named[1]} both name the data; give one of them")
    for option, (inputs, targets) in places.items():
        if inputs is not None and targets is not None:
            return ArrayPlace(inputs, targets, inputs_key, targets_key, option)
    raise DataError(
        "the data set arrays needs data: give dataset_kwargs.path, an .npz with the arrays inputs"
        " and targets, or inputs_path and targets_path"
    )
