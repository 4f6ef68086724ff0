"""Splits that a person stored: index arrays in files of their own or beside the data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stride.errors import DataError
from stride.training.datasets.array_file import array_names, read_array
from stride.training.datasets.splits import (
    SPLITS,
    Indices,
    Split,
    check_disjoint,
    check_indices,
)


def read_split_files(
    count: int,
    *,
    data_path: Path | None,
    split_path: Path | None,
    indices_paths: Mapping[Split, Path | None],
) -> dict[Split, Indices]:
    """The splits that were given as indices of samples, or as masks; none where there are none.

    Args:
        count: number of samples.
        data_path: the data; an .npz may hold arrays train_indices, val_indices, test_indices.
        split_path: an .npz with arrays train, val, test, or a folder of such .npy files.
        indices_paths: one file a split.

    Raises:
        DataError: indices that are none of the data's, that overlap, or that are given twice.
    """
    files = {split: path for split, path in indices_paths.items() if path is not None}
    if files and split_path is not None:
        first = next(iter(files))
        raise DataError(f"split_path and {first}_indices_path both give splits; give one of them")
    given: dict[Split, Indices] = {}
    where = "the splits"
    if split_path is not None:
        where = f"split_path {split_path}"
        names = _names_in(split_path)
        for split in SPLITS:
            if split in names:
                array = read_array(split_path, split, option="split_path")
                given[split] = check_indices(split, array, count, where)
        if not given:
            raise DataError(f"{where} holds none of the arrays train, val and test")
    elif files:
        for split, path in files.items():
            option = f"{split}_indices_path"
            array = read_array(path, split, option=option)
            given[split] = check_indices(split, array, count, f"{option} {path}")
    elif data_path is not None and data_path.suffix == ".npz":
        where = str(data_path)
        names = array_names(data_path, option="path")
        for split in SPLITS:
            if f"{split}_indices" in names:
                array = read_array(data_path, f"{split}_indices", option="path")
                given[split] = check_indices(split, array, count, where)
    check_disjoint(given, where)
    return given


def _names_in(path: Path) -> tuple[str, ...]:
    if path.is_dir():
        return tuple(file.stem for file in path.glob("*.npy"))
    if path.suffix == ".npy":
        raise DataError(
            f"split_path {path} must be an .npz with arrays train, val and test; a single .npy is"
            " given as train_indices_path, val_indices_path or test_indices_path"
        )
    return array_names(path, option="split_path")
