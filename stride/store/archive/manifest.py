"""The manifest of an archive of runs: which runs, which files, with sizes and digests.

It is the first member of the archive. Only what it lists is taken from the archive, and only if
its names stay in the folder of their run, wherever they are unpacked.
"""

from __future__ import annotations

import re

import msgspec

from stride import __version__
from stride.errors import NewerFormatError, StoredFileError, UsageError, VerificationError
from stride.files import encode_json, sha256_of
from stride.json_text import decode_json
from stride.store.archive.member_names import refusal
from stride.store.names import is_number, is_run_name
from stride.store.run_folder import RunFolder

FORMAT = 1
"""The format of archives that this stride writes."""

NAME = "manifest.json"
"""Of the manifest in the archive."""

_ID = re.compile(r"[0-9a-f]{8,64}")
_RUN = RunFolder("/")
FILES_OF_A_RUN = frozenset({_RUN.config_path.name, _RUN.record_path.name})
"""Names of the files that every run has."""


class ArchivedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a run: its name in the run, size in bytes, and `sha256:...`."""

    name: str
    size: int
    digest: str
    executable: bool = False


class ArchivedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run: its folder in the archive, and what it was called where it came from."""

    folder: str
    run: str
    id: str
    experiment: str
    files: tuple[ArchivedFile, ...]


class ArchiveManifest(msgspec.Struct, frozen=True, kw_only=True):
    """All of the manifest but its own digest, which covers the rest of it."""

    format: int = FORMAT
    stride: str = __version__
    runs: tuple[ArchivedRun, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for run in self.runs for file in run.files)


def encode_manifest(manifest: ArchiveManifest) -> bytes:
    """The bytes of the manifest."""
    tree = msgspec.to_builtins(manifest)
    return encode_json({**tree, "digest": sha256_of(encode_json(tree))})


def decode_manifest(content: bytes, archive: str) -> ArchiveManifest:
    """Read a manifest, and check that unpacking what it lists leaves no folder of a run.

    Args:
        archive: its name, for the sentence of an error.

    Raises:
        NewerFormatError: written by a newer stride.
        VerificationError: it is not what was written.
        UsageError: it is no manifest, or lists what is not to be unpacked.
    """
    try:
        tree = decode_json(content, _RUN.path / NAME)
    except StoredFileError as error:
        raise UsageError(f"{archive} is no archive of runs: its manifest is not JSON") from error
    number = tree.get("format") if isinstance(tree, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise UsageError(f"{archive} is no archive of runs: its manifest has no format")
    if number > FORMAT:
        raise NewerFormatError(
            f"{archive} has format {number} and was written by a newer stride; this one reads up to"
            f" {FORMAT}: update stride to read it"
        )
    digest = tree.pop("digest", None)
    if digest != sha256_of(encode_json(tree)):
        raise VerificationError(f"the manifest of {archive} is not the one that was written")
    try:
        manifest = msgspec.convert(tree, ArchiveManifest)
    except msgspec.ValidationError as error:
        raise UsageError(f"{archive} is no archive of runs: {error}") from error
    _check(manifest, archive)
    return manifest


def _check(manifest: ArchiveManifest, archive: str) -> None:
    if not manifest.runs:
        raise UsageError(f"{archive} holds no runs")
    for run in manifest.runs:
        if not (is_number(run.folder) or is_run_name(run.folder)):
            raise UsageError(
                f"{archive} is not taken: it has a run in a folder {run.folder[:100]!r}"
            )
        if not (is_number(run.run) or is_run_name(run.run)) or not _ID.fullmatch(run.id):
            raise UsageError(f"{archive} is not taken: it has a run that no run can be called")
        if reason := refusal(file.name for file in run.files):
            raise UsageError(f"{archive} is not taken: {reason}")
        if not {file.name for file in run.files} >= FILES_OF_A_RUN:
            raise UsageError(f"{archive} is not taken: run {run.run} is not whole in it")
        if any(file.size < 0 for file in run.files):
            raise UsageError(f"{archive} is not taken: a file has a size below zero")
    if len({run.folder.casefold() for run in manifest.runs}) < len(manifest.runs):
        raise UsageError(f"{archive} is not taken: two of its runs have the same folder")
    if len({run.id for run in manifest.runs}) < len(manifest.runs):
        raise UsageError(f"{archive} is not taken: it has the same run twice")
