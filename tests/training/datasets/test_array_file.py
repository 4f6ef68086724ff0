"""Array files: what is read, and the sentence for what is not."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from stride.errors import DataError, StorageError
from stride.training.datasets.array_file import array_names, digest_of_files, read_array


def test_an_array_of_an_npz_is_read_by_its_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", inputs=np.arange(6.0), targets=np.arange(3))
    assert read_array(tmp_path / "data.npz", "targets", option="path").tolist() == [0, 1, 2]
    assert array_names(tmp_path / "data.npz", option="path") == ("inputs", "targets")


def test_an_npy_is_mapped_and_not_read(tmp_path: Path) -> None:
    np.save(tmp_path / "inputs.npy", np.arange(6.0))
    array = read_array(tmp_path / "inputs.npy", None, option="inputs_path")
    assert isinstance(array, np.memmap)


def test_a_folder_holds_one_npy_a_name(tmp_path: Path) -> None:
    np.save(tmp_path / "inputs.npy", np.arange(4))
    assert read_array(tmp_path, "inputs", option="path").tolist() == [0, 1, 2, 3]


def broken(folder: Path, case: str) -> Path:
    path = folder / ("data.npy" if case in ("pickled npy", "cut npy", "zip as npy") else "data.npz")
    if case == "empty":
        path.touch()
    elif case == "pickle":
        path.write_bytes(pickle.dumps({"inputs": [1, 2]}))
    elif case == "pickled npy":
        np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    elif case == "pickled npz":
        np.savez(path, inputs=np.array([{"a": 1}], dtype=object))
    elif case == "cut npy":
        np.save(path, np.arange(1000))
        path.write_bytes(path.read_bytes()[:500])
    elif case == "cut npz":
        np.savez_compressed(path, inputs=np.arange(1000))
        path.write_bytes(path.read_bytes()[:300])
    elif case == "zip as npy":
        np.savez(folder / "other.npz", inputs=np.arange(3))
        path.write_bytes((folder / "other.npz").read_bytes())
    elif case == "npy as npz":
        np.save(folder / "other.npy", np.arange(3))
        path.write_bytes((folder / "other.npy").read_bytes())
    elif case == "text":
        np.savez(path, inputs=np.array(["cat", "dog"]))
    elif case == "complex":
        np.savez(path, inputs=np.array([1j]))
    elif case == "other name":
        np.savez(path, x=np.arange(3), y=np.arange(3))
    elif case == "folder":
        path.mkdir()
    return path


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("missing", "does not exist"),
        ("empty", "is empty"),
        ("pickle", "pickled objects, which are never loaded"),
        ("pickled npy", "pickled objects, which are never loaded"),
        ("pickled npz", "pickled objects, which are never loaded"),
        ("cut npy", "is cut off, or no file of NumPy"),
        ("cut npz", "is cut off, or no file of NumPy"),
        ("zip as npy", "is cut off, or no file of NumPy"),
        ("npy as npz", "is cut off, or no file of NumPy"),
        ("text", "holds no numbers, but values of the type <U3; .*numpy.unique"),
        ("complex", "holds no numbers"),
        ("other name", "has no array 'inputs', but x, y; .*inputs_key and targets_key"),
        ("folder", "is no file"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(
    tmp_path: Path, case: str, sentence: str
) -> None:
    path = broken(tmp_path, case)
    with pytest.raises(DataError, match=sentence) as caught:
        read_array(path, "inputs", option="path")
    assert str(caught.value).startswith("path: ")
    assert str(path) in str(caught.value)


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1,2\n")
    with pytest.raises(DataError, match=r"is neither \.npz nor \.npy"):
        read_array(tmp_path / "data.csv", "inputs", option="path")


def test_a_digest_follows_the_content_and_not_the_name(tmp_path: Path) -> None:
    first, second, other = (tmp_path / name for name in ("a.npy", "b.npy", "c.npy"))
    np.save(first, np.arange(3))
    np.save(second, np.arange(3))
    np.save(other, np.arange(4))
    assert digest_of_files([first]) == digest_of_files([second])
    assert digest_of_files([first]) != digest_of_files([other])
    assert digest_of_files([first, other]) != digest_of_files([other, first])


def test_what_is_not_in_an_npz_is_said_in_a_sentence_of_its_own(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", images=np.arange(3))
    with pytest.raises(DataError, match=r"^path: \S+ has no array 'inputs', but images;"):
        read_array(tmp_path / "data.npz", "inputs", option="path")


def test_a_member_that_is_no_array_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "data.npz", "w") as archive:
        archive.writestr("inputs.npy", pickle.dumps({"inputs": [1, 2]}))
    with pytest.raises(DataError, match=r"inputs of .* is no array of NumPy"):
        read_array(tmp_path / "data.npz", "inputs", option="path")


def test_an_array_that_no_memory_holds_is_refused(tmp_path: Path) -> None:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2000000000000, 800), }"
    content = b"\x93NUMPY\x01\x00v\x00" + header.ljust(117) + b"\n"
    with zipfile.ZipFile(tmp_path / "data.npz", "w") as archive:
        archive.writestr("inputs.npy", content)
    with pytest.raises(DataError, match="does not fit into memory"):
        read_array(tmp_path / "data.npz", "inputs", option="path")


@pytest.mark.parametrize("ending", [".npz", ".npy"])
def test_a_name_that_no_file_can_have_is_said(ending: str) -> None:
    with pytest.raises(StorageError, match="the name is too long"):
        read_array(Path("x" * 300 + ending), "inputs", option="path")
