"""The creation of a run: its two files, and the experiment with it where there is none yet."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stride.config.differences import flatten
from stride.errors import StorageError
from stride.files import write_exclusive
from stride.json_text import decode_json
from stride.store.claim import Place, claim
from stride.store.founding import TRIES, encode_config, is_experiment, made_folders
from stride.store.record import RunRecord, encode_record

if TYPE_CHECKING:
    from stride.store.work_dir import WorkDir


def create_run(
    work_dir: WorkDir,
    place: Place,
    contents: Mapping[str, bytes],
    name: str | None,
    experiment: Mapping[str, Any],
) -> str:
    """Make a run of these files, durably; gives its number or name. See `WorkDir.create`."""
    for _ in range(TRIES):
        try:
            if _is_founded(work_dir):
                return claim(place, contents, name)
            return _claim_first(work_dir, place, contents, name, encode_config(experiment))
        except FileNotFoundError:
            continue  # removed by a creation that failed, or by hand: make it again
    raise StorageError(f"cannot create a run in {work_dir.path}: something removes the folder")


def run_contents(
    work_dir: WorkDir, config: Mapping[str, Any], record: RunRecord
) -> dict[str, bytes]:
    """The two files that every run has, by name: they are called as those of the experiment are.

    Raises:
        ConfigError: the config cannot be written as JSON.
    """
    return {
        work_dir.config_path.name: encode_config(config),
        work_dir.record_path.name: encode_record(record),
    }


def every_key(work_dir: WorkDir, config: Mapping[str, Any]) -> tuple[str, ...]:
    """All dotted keys of a config, as chosen.

    Raises:
        ConfigError: the config cannot be written as JSON.
    """
    tree = flatten(decode_json(encode_config(config), work_dir.config_path))
    return tuple(key for key in tree if key != "format")


def _is_founded(work_dir: WorkDir) -> bool:
    """Whether there is an experiment: the fast way where there is one, as nearly always."""
    try:
        if not os.path.lexists(work_dir.record_path):
            work_dir.read_config()
            return True
    except (FileNotFoundError, StorageError):
        pass
    return is_experiment(work_dir)


def _claim_first(
    work_dir: WorkDir,
    place: Place,
    contents: Mapping[str, bytes],
    name: str | None,
    config: bytes,
) -> str:
    """Make the experiment with its first run, when all of that is on the disk.

    So nothing that fails leaves an experiment, and nobody has to take away a config.json, which
    others may rely on already.
    """
    with made_folders(work_dir.path):
        return claim(
            place, contents, name, found=lambda: write_exclusive(work_dir.config_path, config)
        )
