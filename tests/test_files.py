"""Small files are written whole or not at all, and JSON is strict."""

from __future__ import annotations

import hashlib
import json
import math
import os
import resource
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.errors import StorageError, StoredFileError, StrideError
from stride.files import (
    clear_temporaries,
    decode_number,
    encode_json,
    encode_number,
    is_temporary,
    read_content,
    read_json,
    sha256_of,
    sha256_of_file,
    storage_errors,
    write_atomic,
    write_exclusive,
    write_json,
    write_new,
)
from stride.json_text import decode_json

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TREES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text('abc.é\n"', max_size=4), inner),
    max_leaves=12,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@given(TREES)
def test_json_written_and_read_again_is_the_same(tree: object) -> None:
    content = encode_json(tree)
    assert decode_json(content, Path("x.json")) == tree
    assert json.loads(content) == tree
    assert content.endswith(b"\n")


@given(st.integers() | st.floats())
def test_any_number_has_a_strict_spelling_that_reads_back(number: float) -> None:
    spelling = encode_number(number)
    again = decode_number(json.loads(encode_json(spelling)))
    assert again == number or (math.isnan(again) and math.isnan(number))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, {1, 2}, object(), "\ud800"])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        encode_json({"key": [value]})


def test_a_tree_that_holds_itself_is_refused() -> None:
    tree: list[object] = []
    tree.append(tree)
    with pytest.raises(ValueError, match=r"."):
        encode_json(tree)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        b'{"a": 1',
        b"NaN",
        b"[1,]",
        b"1e999",
        b'{"a": "\xff"}',
        b"\xff\xfe",
        b"[" * 10_000,
    ],
)
def test_what_is_not_strict_json_is_said_with_the_path(content: bytes) -> None:
    with pytest.raises(StoredFileError, match=r"runs/3/run\.json is (empty|not JSON)"):
        decode_json(content, Path("runs/3/run.json"))


@given(TREES, st.data())
def test_json_that_is_cut_off_never_passes_for_whole(tree: object, data: st.DataObject) -> None:
    content = encode_json({"tree": tree})
    cut = data.draw(st.integers(0, len(content) - 3))
    with pytest.raises(StoredFileError):
        decode_json(content[:cut], Path("x.json"))


def test_an_absent_file_is_a_file_not_found_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "absent.json")


def test_a_folder_in_the_place_of_a_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot read .*: it is a folder, not a file"):
        read_json(tmp_path)


def test_writing_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"a": 1})
    write_json(path, {"a": 2}, durable=False)
    assert read_json(path) == {"a": 2}
    assert names(tmp_path) == ["x.json"]


def test_the_mode_is_that_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / "a", b"x")
        write_exclusive(tmp_path / "b", b"x")
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "ab"] == [0o640, 0o640]


def test_a_write_that_fails_keeps_the_old_content_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_atomic(path, b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(StorageError, match=r"cannot write .*x: the file would be larger"):
            write_atomic(path, b"n" * 2000)
        with pytest.raises(StorageError, match="cannot write"):
            write_exclusive(tmp_path / "y", b"n" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x"]


def test_a_folder_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(StorageError, match="cannot write"):
        write_atomic(tmp_path / "x", b"new")
    assert names(tmp_path) == ["x"]


def test_a_new_file_does_not_replace_one_that_is_there(tmp_path: Path) -> None:
    write_new(tmp_path / "x", b"old")
    with pytest.raises(StorageError, match=r"cannot write .*x: File exists"):
        write_new(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_bytes() == b"old"


def test_an_exclusive_write_happens_once(tmp_path: Path) -> None:
    assert write_exclusive(tmp_path / "x", b"first")
    assert not write_exclusive(tmp_path / "x", b"second")
    assert (tmp_path / "x").read_bytes() == b"first"
    assert names(tmp_path) == ["x"]


def test_of_many_exclusive_writers_exactly_one_wins(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from stride.files import write_exclusive;"
        "sys.stdin.readline(); print(write_exclusive(Path(sys.argv[1]), sys.argv[2].encode()))"
    )
    target = str(tmp_path / "x")
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", code, target, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(8)
    ]
    for writer in writers:  # all wait for this line, and go together
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    answers = [writer.communicate()[0].strip() for writer in writers]
    assert sorted(answers) == ["False"] * 7 + ["True"]
    assert (tmp_path / "x").read_text() == str(answers.index("True"))


def test_leftovers_of_killed_writes_are_told_and_cleared(tmp_path: Path) -> None:
    for name in (".tmp-run.json-12-ab", ".tmp-other.json-12-ab", "run.json"):
        (tmp_path / name).write_bytes(b"x")
    assert [name for name in names(tmp_path) if is_temporary(name)] == names(tmp_path)[:2]
    clear_temporaries(tmp_path / "run.json")
    assert names(tmp_path) == [".tmp-other.json-12-ab", "run.json"]
    clear_temporaries(tmp_path / "absent" / "run.json")


def test_a_refusal_of_the_disk_is_one_sentence_and_a_stride_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StrideError) as caught:
        write_atomic(tmp_path / "file" / "x", b"")
    assert isinstance(caught.value, OSError)
    assert str(caught.value).endswith("a part of the path is a file, not a folder")


def test_an_error_of_another_kind_passes_unchanged(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), storage_errors("write", tmp_path):
        _ = 1 // 0


@given(st.binary(max_size=3000))
def test_the_digest_of_a_file_is_that_of_its_bytes(content: bytes) -> None:
    assert sha256_of(content) == "sha256:" + hashlib.sha256(content).hexdigest()


def test_the_digest_of_a_large_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "x").write_bytes(content)
    assert sha256_of_file(tmp_path / "x") == sha256_of(content)


@pytest.mark.parametrize("device", [None, "/dev/zero", "/dev/null"])
def test_a_pipe_or_device_in_place_of_a_file_neither_holds_nor_floods(
    device: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "run.json"
    if device is None:
        os.mkfifo(path)
    else:
        path.symlink_to(device)
    with pytest.raises(StoredFileError, match="no regular file"):
        read_content(path)


def test_a_socket_is_no_regular_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the address of a socket must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("run.json")
        with pytest.raises(StoredFileError, match="no regular file"):
            read_content(tmp_path / "run.json")


def test_a_folder_in_place_of_a_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="it is a folder"):
        read_content(tmp_path)


@given(content=st.binary(max_size=200_000))
def test_the_content_of_a_file_comes_back_whole(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("content") / "file"
    path.write_bytes(content)
    assert read_content(path) == content
