"""A file of tensors is one that the safetensors library reads, and writes alike."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from stride.errors import StoredFileError, VerificationError
from stride.training.checkpoints.tensor_file import (
    DTYPES,
    check_readable,
    lay_out,
    read_tensors,
    shapes_of,
    straight_from,
)
from tests.training.checkpoints.trees import bits_of, tensor_of

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).filter(
    lambda name: name != "__metadata__"
)
TENSORS = st.builds(
    tensor_of,
    st.integers(0, 2**32),
    st.sampled_from(list(DTYPES)),
    st.lists(st.integers(0, 3), max_size=3),
    st.just("plain"),
)


def written(tensors: dict[str, Tensor]) -> bytes:
    return b"".join(straight_from(tensors, lay_out(shapes_of(tensors))))


@settings(deadline=None)
@given(st.dictionaries(NAMES, TENSORS, max_size=6))
def test_the_library_reads_what_was_laid_out(tensors: dict[str, Tensor]) -> None:
    found = safetensors.torch.load(written(tensors))
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype
        assert found[name].shape == tensor.shape
        assert bits_of(found[name]) == bits_of(tensor)


@settings(deadline=None)
@given(st.dictionaries(NAMES, TENSORS, max_size=6))
def test_numbers_lie_at_multiples_of_their_size_without_gaps(tensors: dict[str, Tensor]) -> None:
    layout = lay_out(shapes_of(tensors))
    assert len(layout.header) % 8 == 0
    assert all(place.begin % place.dtype.itemsize == 0 for place in layout.places)
    edges = [0, *(place.end for place in layout.places)]
    assert [place.begin for place in layout.places] == edges[:-1]
    assert layout.size == edges[-1]


def test_what_is_no_such_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "tensors.safetensors"
    with pytest.raises(StoredFileError, match=r"tensors\.safetensors is missing"):
        read_tensors(path)
    path.write_bytes(b"\x80\x04no pickle is opened")
    with pytest.raises(StoredFileError, match="is not a safetensors file"):
        read_tensors(path)
    with pytest.raises(VerificationError, match="cannot be read back"):
        check_readable(path, [])


def test_a_file_with_other_tensors_is_no_proof(tmp_path: Path) -> None:
    path = tmp_path / "tensors.safetensors"
    path.write_bytes(written({"a": torch.ones(2)}))
    check_readable(path, ["a"])
    with pytest.raises(VerificationError, match="it holds other tensors"):
        check_readable(path, ["a", "b"])
