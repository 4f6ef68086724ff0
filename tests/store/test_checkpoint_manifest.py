"""The manifest notices any byte of it that was changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stride.errors import NewerFormatError, StoredFileError, VerificationError
from stride.files import encode_json, sha256_of
from stride.store.checkpoint_manifest import FileFacts, encode_manifest, read_manifest
from stride.store.position import Position
from stride.training.checkpoints.new_manifest import new_manifest

FILES = {
    "state.json": FileFacts(size=3, digest="sha256:0"),
    "weights/best.safetensors": FileFacts(size=5, digest="sha256:1"),
}
MANIFEST = new_manifest(Position(7, 2, 3), FILES, epoch_end=True, best=False)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(encode_manifest(MANIFEST))
    assert read_manifest(path) == MANIFEST
    assert MANIFEST.weights == {"best.safetensors": "sha256:1"}
    assert set(MANIFEST.versions) == {"stride", "torch", "numpy", "python"}


def test_every_byte_of_it_counts(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    content = encode_manifest(MANIFEST)
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises((VerificationError, StoredFileError)):
            read_manifest(path)


@pytest.mark.parametrize("length", [0, 1, 100])
def test_one_that_was_cut_off_is_said(tmp_path: Path, length: int) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(encode_manifest(MANIFEST)[:length])
    with pytest.raises(StoredFileError, match=r"manifest\.json"):
        read_manifest(path)


def sealed(tree: object) -> bytes:
    assert isinstance(tree, dict)
    return encode_json({**tree, "digest": sha256_of(encode_json(tree))})


def test_one_of_a_newer_stride_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(sealed({"format": 2, "what": "else"}))
    with pytest.raises(NewerFormatError, match="written by a newer stride"):
        read_manifest(path)


@pytest.mark.parametrize("tree", [{"format": 1}, {"format": 1, "files": 3}])
def test_one_of_another_form_is_no_manifest(tmp_path: Path, tree: object) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(sealed(tree))
    with pytest.raises(StoredFileError, match="is no manifest of a checkpoint"):
        read_manifest(path)
    path.write_text(json.dumps([1]))
    with pytest.raises(StoredFileError, match="holds no mapping"):
        read_manifest(path)
