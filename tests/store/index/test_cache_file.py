"""The file of the cache: what it cannot be believed to say it does not say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from stride import __version__
from stride.store.index.cache_file import Cached, read_cache_file, write_cache_file
from stride.store.index.read import read_cached, read_index
from stride.store.index.source import RUNS
from stride.store.work_dir import WorkDir
from tests.store.index.answers import comparable, said_by_folders, said_by_index
from tests.store.index.written_runs import LATER

FILES = len(RUNS.files)


@pytest.fixture
def path(experiment: WorkDir) -> Path:
    """The cache of an experiment that was read."""
    read_index(experiment, moment=LATER)
    return experiment.index_file(RUNS.name)


def assert_rebuilt(experiment: WorkDir) -> None:
    """The answer is right, and the cache is whole again."""
    table = read_index(experiment, moment=LATER)
    assert comparable(said_by_index(table)) == comparable(said_by_folders(experiment))
    assert read_cache_file(experiment.index_file(RUNS.name), FILES) is not None


def test_it_comes_back_as_it_was_written(path: Path) -> None:
    cached = read_cache_file(path, FILES)
    assert isinstance(cached, Cached)
    assert cached.names == [str(number) for number in range(12)]
    again = path.with_name("again")
    assert write_cache_file(again, cached)
    assert again.read_bytes() == path.read_bytes()


def test_a_cache_that_is_cut_anywhere_is_none(experiment: WorkDir, path: Path) -> None:
    whole = path.read_bytes()
    for length in [*range(40), *range(40, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:length])
        assert read_cache_file(path, FILES) is None
    assert_rebuilt(experiment)


def test_a_cache_with_any_byte_changed_is_none(experiment: WorkDir, path: Path) -> None:
    whole = path.read_bytes()
    for place in [*range(40), *range(40, len(whole), 53)]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        assert read_cache_file(path, FILES) is None
    path.write_bytes(whole + b"x")
    assert read_cache_file(path, FILES) is None
    assert_rebuilt(experiment)


@pytest.mark.parametrize("content", [b"", b"{}", b"index of stride\n", bytes(10_000)])
def test_what_is_no_cache_is_replaced(content: bytes, experiment: WorkDir, path: Path) -> None:
    path.write_bytes(content)
    assert read_cache_file(path, FILES) is None
    assert_rebuilt(experiment)


def test_a_cache_of_another_version_is_none(experiment: WorkDir, path: Path) -> None:
    version = __version__.encode()
    mark = len(b"index of stride\n")
    content = path.read_bytes().replace(version, b"9" * len(version), 1)
    body = content[mark + 4 :]
    path.write_bytes(content[:mark] + zlib.crc32(body).to_bytes(4, "little") + body)
    assert read_cache_file(path, FILES) is None
    assert_rebuilt(experiment)


def test_a_cache_of_other_files_is_none(path: Path) -> None:
    assert read_cache_file(path, FILES - 1) is None


def test_a_folder_a_pipe_or_a_link_in_its_place_is_none(experiment: WorkDir, path: Path) -> None:
    kept = path.rename(path.with_name("kept"))
    for put in (path.mkdir, lambda: os.mkfifo(path), lambda: path.symlink_to(kept)):
        put()
        assert read_cache_file(path, FILES) is None
        table = read_index(experiment, moment=LATER)
        assert comparable(said_by_index(table)) == comparable(said_by_folders(experiment))
        path.rmdir() if path.is_dir() else path.unlink()


def test_a_cache_folder_that_leads_elsewhere_is_not_used(experiment: WorkDir, path: Path) -> None:
    outside = experiment.path.with_name("outside")
    experiment.cache_path.rename(outside)
    experiment.cache_path.symlink_to(outside)
    before = sorted(outside.iterdir()), path.stat()
    assert read_cache_file(path, FILES) is None
    assert len(read_index(experiment, moment=None)) == 12
    assert (sorted(outside.iterdir()), path.stat()) == before


def test_where_nothing_can_be_written_reading_works(experiment: WorkDir) -> None:
    experiment.cache_path.write_text("a file where the folder would be")
    for moment in (None, LATER):
        table = read_index(experiment, moment=moment)
        assert comparable(said_by_index(table)) == comparable(said_by_folders(experiment))
    assert experiment.cache_path.is_file()


def test_reading_makes_the_folder_of_the_cache_and_leaves_nothing_else(
    experiment: WorkDir,
) -> None:
    before = {path.name for path in experiment.path.iterdir()}
    shutil.rmtree(experiment.cache_path, ignore_errors=True)
    read_index(experiment, moment=LATER)
    assert {path.name for path in experiment.path.iterdir()} == before | {".stride"}
    assert [path.name for path in experiment.cache_path.iterdir()] == ["index"]


def test_the_cache_is_read_as_it_is_where_that_is_wanted(experiment: WorkDir, path: Path) -> None:
    shutil.rmtree(experiment.path / "3")
    table = read_cached(experiment)
    assert table is not None
    assert table.columns["config.seed"].value(3) == 0
    path.unlink()
    assert read_cached(experiment) is None


WRITER = """
import sys
from stride.store.index.read import read_index
from stride.store.work_dir import WorkDir
experiment = WorkDir(sys.argv[1])
for turn in range(30):
    table = read_index(experiment, moment=4_000_000_000_000_000_000)
    column = table.columns["run.id"]
    for row, name in enumerate(table.names):
        assert int(column.value(row), 16) == int(name), (turn, name)
    experiment.index_file("index").unlink(missing_ok=True)
"""


def test_several_readers_may_write_it_at_once(experiment: WorkDir) -> None:
    command = [sys.executable, "-c", WRITER, str(experiment.path)]
    readers = [subprocess.Popen(command) for _ in range(3)]
    assert [reader.wait() for reader in readers] == [0, 0, 0]
    assert_rebuilt(experiment)
    assert [path.name for path in experiment.cache_path.iterdir()] == ["index"]
