"""Whatever an archive holds, nothing is written outside the experiment, and nothing of it stays."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stride.errors import (
    NewerFormatError,
    StorageError,
    StoredFileError,
    StrideError,
    UsageError,
    VerificationError,
)
from stride.files import encode_json, sha256_of
from stride.store.archive.importing import import_runs
from stride.store.record import encode_record, new_record
from stride.store.work_dir import WorkDir
from tests.store.kept_runs import bytes_of

RECORD = new_record()
CONFIG = b'{"format": 1}'


@dataclass
class Forged:
    """An archive that is put together by hand; as it is it holds one good run."""

    files: dict[str, bytes] = field(
        default_factory=lambda: {"run.json": encode_record(RECORD), "config.json": CONFIG}
    )
    run: dict[str, Any] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def manifest_bytes(self) -> bytes:
        listed = [
            {
                "name": name,
                "size": self.sizes.get(name, len(content)),
                "digest": sha256_of(content),
                "executable": False,
            }
            for name, content in self.files.items()
        ]
        run = {"folder": "0", "run": "0", "id": RECORD.id, "experiment": "exp", "files": listed}
        tree = {"format": 1, "stride": "0", "runs": [run | self.run]} | self.manifest
        return encode_json({**tree, "digest": sha256_of(encode_json(tree))})

    def members(self) -> list[tuple[str, bytes]]:
        return [
            ("manifest.json", self.manifest_bytes()),
            *((f"0/{name}", content) for name, content in self.files.items()),
        ]


def as_tar(path: Path, members: list[tuple[str, bytes] | tarfile.TarInfo]) -> Path:
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member, io.BytesIO(bytes(member.size)))
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            tar.addfile(info, io.BytesIO(member[1]))
    return path


def as_zip(path: Path, members: list[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content)
    return path


Packer = Callable[[Path, list[tuple[str, bytes]]], Path]


@pytest.fixture(params=["tar", "zip"])
def pack(request: pytest.FixtureRequest) -> Packer:
    return {"tar": as_tar, "zip": as_zip}[request.param]  # type: ignore[return-value]


@pytest.fixture
def target(tmp_path: Path) -> WorkDir:
    """An experiment beside a file that must not change."""
    (tmp_path / "precious").write_text("mine")
    experiment = WorkDir(tmp_path / "exp")
    experiment.create({})
    return experiment


def refused(archive: Path, target: WorkDir, error: type[StrideError], text: str) -> None:
    """The archive is refused, and nothing is there that was not before."""
    around = archive.parent
    before = bytes_of(around)
    with pytest.raises(error, match=text) as caught:
        import_runs(archive, target)
    assert "\n" not in str(caught.value)
    after = bytes_of(around)
    after.pop("exp/.staging/.import.lock", None)
    assert after == before


def test_the_forged_archive_is_good_as_it_is(pack: Packer, target: WorkDir, tmp_path: Path) -> None:
    ((run, _),) = import_runs(pack(tmp_path / "a", Forged().members()), target).runs
    assert run.read_record() == RECORD


@pytest.mark.parametrize(
    "name",
    [
        "../../precious",
        "/tmp/stride-precious",
        "logs/../../../precious",
        "C:\\x",
        "..\\..\\precious",
    ],
)
def test_a_name_that_leads_out(pack: Packer, target: WorkDir, tmp_path: Path, name: str) -> None:
    forged = Forged()
    forged.files[name] = b"evil"
    refused(pack(tmp_path / "a", forged.members()), target, UsageError, "leads out of a run")
    assert not Path("/tmp/stride-precious").exists()


@pytest.mark.parametrize("folder", ["..", ".", "", "../exp", "/", ".trash", "latest", "con", "0/1"])
def test_a_folder_of_a_run_that_leads_out(
    pack: Packer, target: WorkDir, tmp_path: Path, folder: str
) -> None:
    forged = Forged(run={"folder": folder})
    refused(pack(tmp_path / "a", forged.members()), target, UsageError, "a run in a folder")


@pytest.mark.parametrize("run", ["../3", "latest", "a/b", "\x1b[31m"])
def test_a_run_that_is_called_what_no_run_can(
    pack: Packer, target: WorkDir, tmp_path: Path, run: str
) -> None:
    forged = Forged(run={"run": run})
    refused(pack(tmp_path / "a", forged.members()), target, UsageError, "no run can be called")


@pytest.mark.parametrize("extra", ["../precious", "0/more", "1/run.json", "/etc/x", "0/../../x"])
def test_a_file_that_the_manifest_does_not_have(
    pack: Packer, target: WorkDir, tmp_path: Path, extra: str
) -> None:
    members = [*Forged().members(), (extra, b"evil")]
    refused(pack(tmp_path / "a", members), target, UsageError, "not in its manifest")


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE,
     tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE],
)  # fmt: skip
@pytest.mark.parametrize("name", ["0/logs", "0/config.json", "../link"])
def test_a_tar_with_a_link_a_device_or_a_pipe(
    target: WorkDir, tmp_path: Path, kind: bytes, name: str
) -> None:
    member = tarfile.TarInfo(name)
    member.type = kind
    member.linkname = "../../precious"
    members = [*Forged().members()[:2], member, *Forged().members()[2:]]
    refused(as_tar(tmp_path / "a", members), target, UsageError, "is no regular file")


def test_a_zip_with_a_link(target: WorkDir, tmp_path: Path) -> None:
    forged = Forged()
    forged.files["logs"] = b"../../precious"
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        for name, content in forged.members():
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            kind = stat.S_IFLNK if name == "0/logs" else stat.S_IFREG
            info.external_attr = (kind | 0o777) << 16
            archive.writestr(info, content)
    refused(tmp_path / "a", target, UsageError, "is no regular file")


def test_the_same_file_twice(target: WorkDir, tmp_path: Path) -> None:
    members = [*Forged().members(), ("0/config.json", CONFIG)]
    refused(as_tar(tmp_path / "a", members), target, UsageError, "is in it twice")
    with pytest.warns(UserWarning, match="Duplicate name"):
        as_zip(tmp_path / "a", members)
    refused(tmp_path / "a", target, UsageError, "is in it twice")


@pytest.mark.parametrize("names", [("logs/a", "Logs/a"), ("a", "A"), ("logs", "logs/a")])
def test_names_that_clash(
    pack: Packer, target: WorkDir, tmp_path: Path, names: tuple[str, str]
) -> None:
    forged = Forged()
    forged.files |= dict.fromkeys(names, b"x")
    refused(pack(tmp_path / "a", forged.members()), target, UsageError, "is not taken")


@pytest.mark.parametrize("name", [".attempt.lock", "imported.json", ".removed.json"])
def test_files_that_are_none_of_an_archive(
    pack: Packer, target: WorkDir, tmp_path: Path, name: str
) -> None:
    forged = Forged()
    forged.files[name] = b"{}"
    refused(pack(tmp_path / "a", forged.members()), target, UsageError, "only where that is")


def test_a_file_that_is_missing_longer_or_another(
    pack: Packer, target: WorkDir, tmp_path: Path
) -> None:
    forged = Forged()
    forged.files["x"] = b"true"
    manifest, *members = forged.members()
    for content, error, text in (
        (None, UsageError, "of its manifest is not in it"),
        (b"false", UsageError, "another size than its manifest"),
        (b"eurt", VerificationError, "is not the file that was packed"),
    ):
        changed = [*members[:-1], *([] if content is None else [("0/x", content)])]
        (tmp_path / "a").unlink(missing_ok=True)
        refused(pack(tmp_path / "a", [manifest, *changed]), target, error, text)


def test_a_manifest_that_was_changed_is_newer_or_is_none(
    pack: Packer, target: WorkDir, tmp_path: Path
) -> None:
    good = Forged().manifest_bytes()
    newer = Forged(manifest={"format": 99, "runs": "otherwise"}).manifest_bytes()
    cases: list[tuple[bytes, type[StrideError], str]] = [
        (good.replace(b'"0"', b'"1"'), VerificationError, "not the one that was written"),
        (newer, NewerFormatError, "was written by a newer stride"),
        (b"{", UsageError, "is not JSON"),
        (b"[]", UsageError, "has no format"),
        (Forged(manifest={"runs": []}).manifest_bytes(), UsageError, "holds no runs"),
        (Forged(manifest={"runs": {}}).manifest_bytes(), UsageError, "is no archive of runs"),
        (Forged(run={"id": "../x"}).manifest_bytes(), UsageError, "no run can be called"),
        (Forged(sizes={"run.json": -1}).manifest_bytes(), UsageError, "below zero"),
    ]
    for manifest, error, text in cases:
        (tmp_path / "a").unlink(missing_ok=True)
        members = [("manifest.json", manifest), *Forged().members()[1:]]
        refused(pack(tmp_path / "a", members), target, error, text)


def test_a_run_that_is_not_what_the_manifest_says(
    pack: Packer, target: WorkDir, tmp_path: Path
) -> None:
    newer = encode_json({"format": 99, "id": RECORD.id})
    cases: list[tuple[dict[str, bytes], type[StrideError], str]] = [
        ({"run.json": encode_record(new_record())}, VerificationError, "has another id"),
        ({"run.json": b"{}"}, StoredFileError, "no format number"),
        ({"run.json": newer}, NewerFormatError, "newer stride"),
        ({"config.json": b"{"}, StoredFileError, "is not JSON"),
    ]
    for files, error, text in cases:
        forged = Forged()
        forged.files |= files
        (tmp_path / "a").unlink(missing_ok=True)
        refused(pack(tmp_path / "a", forged.members()), target, error, text)
    forged = Forged()
    del forged.files["config.json"]
    (tmp_path / "a").unlink()
    refused(pack(tmp_path / "a", forged.members()), target, UsageError, "is not whole in it")


def test_the_same_run_twice(pack: Packer, target: WorkDir, tmp_path: Path) -> None:
    (run,) = msgspec.json.decode(Forged().manifest_bytes())["runs"]
    for other in ({"folder": "1"}, {"id": "0" * 32}, {"folder": "1", "id": RECORD.id}):
        forged = Forged(manifest={"runs": [run, run | other]})
        (tmp_path / "a").unlink(missing_ok=True)
        refused(pack(tmp_path / "a", forged.members()), target, UsageError, "the same")


def test_more_than_the_disk_has_is_refused_before_it_is_unpacked(
    pack: Packer, target: WorkDir, tmp_path: Path
) -> None:
    forged = Forged(sizes={"config.json": 10**18})
    refused(pack(tmp_path / "a", forged.members()), target, StorageError, "MB are free on the disk")


def test_a_zip_that_unpacks_to_more_than_it_says(target: WorkDir, tmp_path: Path) -> None:
    forged = Forged()
    forged.files["bomb"] = bytes(10)
    with zipfile.ZipFile(tmp_path / "a", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in forged.members():
            archive.writestr(name, bytes(50_000_000) if name == "0/bomb" else content)
    whole = bytearray((tmp_path / "a").read_bytes())
    size = (50_000_000).to_bytes(4, "little")
    whole = whole.replace(size, (10).to_bytes(4, "little"))  # in both headers
    (tmp_path / "a").write_bytes(whole)
    refused(tmp_path / "a", target, UsageError, "damaged|another size")


def test_an_encrypted_zip_and_one_that_is_packed_otherwise(target: WorkDir, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w", zipfile.ZIP_LZMA) as archive:
        for name, content in Forged().members():
            archive.writestr(name, content)
    refused(tmp_path / "a", target, UsageError, "packed in an unusual way")
    as_zip(tmp_path / "b", Forged().members())
    content = (tmp_path / "b").read_bytes()
    at = content.index(b"PK\x01\x02")
    (tmp_path / "b").write_bytes(content[: at + 8] + b"\x01" + content[at + 9 :])
    refused(tmp_path / "b", target, UsageError, "encrypted")


@pytest.mark.parametrize("before", ["the manifest", "a file"])
def test_headers_of_a_tar_that_claim_gigabytes(
    target: WorkDir, tmp_path: Path, before: str
) -> None:
    """tarfile reads such a header into memory as a whole: it must not get that far."""
    header = tarfile.TarInfo("././@PaxHeader")
    header.type = tarfile.XHDTYPE
    header.size = 4 * 2**30
    good = as_tar(tmp_path / "good", Forged().members()[:1]).read_bytes()
    place = 0 if before == "the manifest" else _end_of_first(good)
    with gzip.open(tmp_path / "a", "wb", compresslevel=1) as stream:
        stream.write(good[:place])
        stream.write(header.tobuf(tarfile.USTAR_FORMAT))
        for _ in range(64):
            stream.write(bytes(2**20))
    (tmp_path / "good").unlink()
    refused(tmp_path / "a", target, UsageError, "unpacks to more than its manifest says")


def _end_of_first(content: bytes) -> int:
    size = int(content[124:135], 8)
    return 512 + -(-size // 512) * 512


@settings(deadline=None, max_examples=60)
@given(
    names=st.lists(
        st.one_of(
            st.text(max_size=10),
            st.lists(st.sampled_from(["..", ".", "", "a", "A", "C:", "\\", "run.json"])).map(
                "/".join
            ),
        ),
        max_size=3,
    ),
    listed=st.booleans(),
    kind=st.sampled_from(["tar", "zip"]),
    types=st.lists(st.sampled_from(list(b"0123457xgLKSV")), max_size=3),
)
def test_no_names_and_no_types_lead_out(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    listed: bool,
    kind: str,
    types: list[int],
) -> None:
    folder = tmp_path_factory.mktemp("law")
    target = WorkDir(folder / "around" / "exp")
    target.create({})
    forged = Forged()
    if listed:
        forged.files |= dict.fromkeys(names, b"evil")
    try:
        members: list[Any] = forged.members()
        if not listed:
            members += [(name, b"evil") for name in names]
        if kind == "zip":
            as_zip(folder / "a", members)
        else:
            for type_ in types:
                info = tarfile.TarInfo("0/x" if not names else names[0])
                info.type, info.linkname = bytes([type_]), "../../../a"
                members.insert(1, info)
            as_tar(folder / "a", members)
    except (ValueError, UserWarning, UnicodeEncodeError):
        return  # no such archive can be made
    before = bytes_of(folder)
    try:
        import_runs(folder / "a", target)
    except StrideError:
        after = bytes_of(folder)
        after.pop("around/exp/.staging/.import.lock", None)
        assert after == before
    else:
        new = {name for name in bytes_of(folder) if name not in before}
        assert all(name.startswith(("around/exp/1", "around/exp/.")) for name in new)
        assert all(
            bytes_of(folder)[name] == before[name] for name in before if "next_number" not in name
        )
