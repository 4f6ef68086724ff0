"""The data set `arrays`: a user's own inputs and targets, from .npz and .npy files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from stride.errors import DataError
from stride.training.datasets.array_file import digest_of_files
from stride.training.datasets.array_place import ArrayPlace, find_place
from stride.training.datasets.mapped_data import MappedData
from stride.training.datasets.split_files import read_split_files
from stride.training.datasets.splits import Indices, Split, check_split, complete_splits
from stride.training.datasets.targets import Targets, read_targets
from stride.training.datasets.tensor_data import TensorData

_MOST_IN_MEMORY: Final = 2**30
"""Bytes of the inputs of a split up to which an .npy is copied to memory, if nothing is said."""


def arrays(
    split: str,
    path: Path | None = None,
    inputs_path: Path | None = None,
    targets_path: Path | None = None,
    train_path: Path | None = None,
    val_path: Path | None = None,
    test_path: Path | None = None,
    inputs_key: str = "inputs",
    targets_key: str = "targets",
    split_path: Path | None = None,
    train_indices_path: Path | None = None,
    val_indices_path: Path | None = None,
    test_indices_path: Path | None = None,
    val_fraction: float = 0.15,
    test_fraction: float = 0.15,
    split_seed: int = 0,
    stratify: bool = True,
    target_kind: Literal["auto", "classes", "numbers"] = "auto",
    num_classes: int | None = None,
    in_memory: bool | None = None,
) -> TensorData | MappedData:
    """Arrays with one row a sample; inputs become float32, (samples, ...).

    The data is one .npz, a folder of .npy files, or two .npy files; val and test may have files of
    their own. Splits are given as files, or as index arrays (also `train_indices`, `val_indices`,
    `test_indices` within the .npz), and what is not given is drawn from the rest by its fraction.
    Class targets are integers from 0; numbers become float32, (samples, 1) where there is one each.

    Args:
        path: an .npz with inputs and targets, or a folder with inputs.npy and targets.npy.
        inputs_path: an .npy, or .npz, with the inputs, instead of path.
        targets_path: an .npy, or .npz, with the targets, instead of path.
        train_path: the same as path, for a file that val or test is not in.
        val_path: a file or folder as path, with the samples of val.
        test_path: a file or folder as path, with the samples of test.
        inputs_key: name of the inputs in an .npz or folder.
        targets_key: name of the targets in an .npz or folder.
        split_path: an .npz with index arrays train, val and test, or a folder of such .npy files.
        train_indices_path: an .npy with the indices of train, or a mask.
        val_indices_path: an .npy with the indices of val, or a mask.
        test_indices_path: an .npy with the indices of test, or a mask.
        val_fraction: share of val where it is not given otherwise.
        test_fraction: share of test where it is not given otherwise.
        split_seed: of drawing the splits.
        stratify: whether drawn splits hold about the same share of each class.
        target_kind: "classes" or "numbers"; "auto": integers are classes.
        num_classes: number of classes; null: one more than the largest.
        in_memory: whether inputs are copied to memory; null: up to 1 GiB a split.

    Raises:
        DataError: data that is missing, empty or does not fit together.
        StorageError: a file that cannot be read.
    """
    wanted = check_split(split)
    base = find_place(
        path=path,
        train_path=train_path,
        inputs_path=inputs_path,
        targets_path=targets_path,
        inputs_key=inputs_key,
        targets_key=targets_key,
    )
    own: dict[Split, ArrayPlace] = {}
    if val_path is not None:
        own["val"] = ArrayPlace(val_path, val_path, inputs_key, targets_key, "val_path")
    if test_path is not None:
        own["test"] = ArrayPlace(test_path, test_path, inputs_key, targets_key, "test_path")
    inputs, given_targets = base.read()
    targets = read_targets(
        given_targets, kind=target_kind, num_classes=num_classes, where=_where(base)
    )
    if wanted in own:
        return _of_own_file(own[wanted], inputs.shape[1:], targets, in_memory)
    indices_paths: dict[Split, Path | None] = {
        "train": train_indices_path,
        "val": val_indices_path,
        "test": test_indices_path,
    }
    given = read_split_files(
        len(inputs),
        data_path=base.inputs,
        split_path=split_path,
        indices_paths=indices_paths,
    )
    if twice := sorted(given.keys() & own.keys()):
        raise DataError(f"{twice[0]} has a file of its own and indices as well; give one of them")
    indices = complete_splits(
        given,
        len(inputs),
        val_fraction=0.0 if "val" in own else val_fraction,
        test_fraction=0.0 if "test" in own else test_fraction,
        seed=split_seed,
        labels=targets.values if stratify and targets.one_class_each else None,
    )[wanted]
    files = [*base.files(), *_files_of_splits(split_path, indices_paths.values())]
    return _select(base, inputs, targets, indices, wanted, in_memory, digest_of_files(files))


def _of_own_file(
    place: ArrayPlace, shape: tuple[int, ...], like: Targets, in_memory: bool | None
) -> TensorData | MappedData:
    """A split that has files of its own; inputs and targets must be like those of train."""
    inputs, given_targets = place.read()
    if inputs.shape[1:] != shape:
        raise DataError(
            f"{_where(place)}: an input has the shape {list(inputs.shape[1:])}, and in train it is"
            f" {list(shape)}"
        )
    classes = like.output_shape[0] if like.kind == "classes" else None
    targets = read_targets(given_targets, kind=like.kind, num_classes=classes, where=_where(place))
    if targets.output_shape != like.output_shape:
        raise DataError(
            f"{_where(place)}: a target has the shape {list(targets.values.shape[1:])}, and in"
            f" train it is {list(like.values.shape[1:])}"
        )
    everything = np.arange(len(inputs))
    split: Split = "val" if place.option == "val_path" else "test"
    digest = digest_of_files(place.files())
    return _select(place, inputs, targets, everything, split, in_memory, digest)


def _select(
    place: ArrayPlace,
    inputs: NDArray[Any],
    targets: Targets,
    indices: Indices,
    split: Split,
    in_memory: bool | None,
    fingerprint: str,
) -> TensorData | MappedData:
    if len(indices) == 0:
        raise DataError(
            f"{_where(place)}: the split {split} is empty; there are {len(inputs)} samples in all"
        )
    chosen_targets = torch.from_numpy(targets.values[indices])
    if in_memory is None:
        size = 4 * len(indices) * int(np.prod(inputs.shape[1:], dtype=np.int64))
        in_memory = size <= _MOST_IN_MEMORY or not isinstance(inputs, np.memmap)
    if not in_memory:
        if not isinstance(inputs, np.memmap):
            raise DataError(f"in_memory=false needs inputs in an .npy; {place.inputs} is an .npz")
        return MappedData(
            place.inputs_file,
            indices,
            chosen_targets,
            output_shape=targets.output_shape,
            target_kind=targets.kind,
            fingerprint=fingerprint,
        )
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is told below
        chosen = inputs[indices].astype(np.float32)
    if not np.isfinite(chosen).all():
        finite = np.isfinite(chosen).reshape(len(chosen), -1).all(axis=1)
        raise DataError(
            f"{_where(place)}: {np.sum(~finite)} of the {len(chosen)} inputs of {split} are nan or"
            f" infinite; the first is sample {indices[int(np.argmin(finite))]}"
        )
    return TensorData(
        (torch.from_numpy(chosen), chosen_targets),
        output_shape=targets.output_shape,
        target_kind=targets.kind,
        fingerprint=fingerprint,
    )


def _where(place: ArrayPlace) -> str:
    return f"{place.option} {place.targets}"


def _files_of_splits(folder: Path | None, files: Iterable[Path | None]) -> list[Path]:
    given = [file for file in files if file is not None]
    if folder is not None:
        given += sorted(folder.glob("*.npy")) if folder.is_dir() else [folder]
    return given
