"""The manifest of a checkpoint: what it is made of, with sizes and digests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from stride.errors import NewerFormatError, StoredFileError, VerificationError
from stride.files import encode_json, read_content, sha256_of
from stride.json_text import JSON, decode_json
from stride.store.position import Position

FORMAT = 1
"""The format of checkpoints that this stride writes."""

_WEIGHTS = "weights/"


class FileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Size in bytes and `sha256:...` of a file."""

    size: int
    digest: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All of manifest.json but its own digest, which covers the rest of it."""

    format: int = FORMAT
    created: str
    position: Position
    epoch_end: bool
    best: bool
    versions: dict[str, str]
    files: dict[str, FileFacts]

    @property
    def weights(self) -> Mapping[str, str]:
        """Digests of the best weights of that moment, by the name of their file."""
        return {
            name.removeprefix(_WEIGHTS): facts.digest
            for name, facts in self.files.items()
            if name.startswith(_WEIGHTS)
        }

    @property
    def state_digest(self) -> str:
        """Digest of all tensors of the state: weights, optimisers, averages, generators, sums.

        That of their file, or of sharded weights of the digests of all files, by name.
        """
        tensors = {name: each.digest for name, each in self.files.items() if _is_tensors(name)}
        if len(tensors) == 1:
            return next(iter(tensors.values()))
        return sha256_of("".join(f"{name} {tensors[name]}\n" for name in sorted(tensors)).encode())


def _is_tensors(name: str) -> bool:
    return name.endswith(".safetensors") and not name.startswith(_WEIGHTS)


def encode_manifest(manifest: Manifest) -> bytes:
    """The bytes of manifest.json."""
    tree = msgspec.to_builtins(manifest)
    return encode_json({**tree, "digest": sha256_of(encode_json(tree))})


def read_manifest(path: Path) -> Manifest:
    """Read a manifest; any byte of it that was changed is noticed.

    Raises:
        StoredFileError: it is missing, torn, not JSON, or of a wrong type.
        NewerFormatError: written by a newer stride.
        VerificationError: it is not what was written.
        StorageError: it cannot be read.
    """
    try:
        content = read_content(path)
    except FileNotFoundError as error:
        raise StoredFileError(f"{path} is missing") from error
    tree = decode_json(content, path)
    if not isinstance(tree, dict):
        raise StoredFileError(f"{path} holds no mapping")
    if not _is_unchanged(dict(tree), content):
        raise VerificationError(f"{path} is not the file that was written")
    number = tree.get("format")
    if isinstance(number, int) and number > FORMAT:
        raise NewerFormatError(f"{path} was written by a newer stride; update stride to read it")
    try:
        return msgspec.convert(tree, Manifest)
    except msgspec.ValidationError as error:
        raise StoredFileError(f"{path} is no manifest of a checkpoint: {error}") from error


def _is_unchanged(tree: dict[str, JSON], content: bytes) -> bool:
    digest = tree.pop("digest", None)
    return (
        digest == sha256_of(encode_json(tree))
        and encode_json({**tree, "digest": digest}) == content
    )
