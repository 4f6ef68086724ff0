"""A candidate: a run as a comparison of speed sees it, before its timings are read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from stride.config.differences import flatten
from stride.config.effective import effective_config
from stride.config.identity import is_unchanging
from stride.config.stored import read_stored_config
from stride.errors import StrideError
from stride.report.throughput import Ranks, devices, tried
from stride.store.record import RunRecord
from stride.store.run import Run

CODE, DATA, DEVICE = "code", "data", "device"
"""What must be alike beside the keys of the config; `device` has the place of the key, which says
only where to look for one."""


@dataclass(frozen=True)
class Candidate:
    """A run that was trained.

    Attributes:
        settings: all that can change its result, flat: config keys in force, and the digests of
            code and data; beside them the device that it was trained on.
        tried: the ranks and machines that it was trained on.
    """

    run: Run
    record: RunRecord
    settings: dict[str, Any]
    tried: frozenset[Ranks]

    def alike(self, excepted: Collection[str]) -> dict[str, Any]:
        """The settings without keys, and what is below these."""
        return {
            key: value
            for key, value in self.settings.items()
            if not any(key == each or key.startswith(f"{each}.") for each in excepted)
        }


def read_candidate(run: Run) -> Candidate | str:
    """Read config.json and run.json; or why the run is no candidate."""
    try:
        record = run.read_record()
        config = read_stored_config(run.read_config(), str(run.config_path))
    except (StrideError, FileNotFoundError):
        return "cannot be read"
    found = tried(record)
    if not found:
        return "not trained"
    attempts = ((each.number, each.changes) for each in record.attempts)
    leaves = flatten(effective_config(config, attempts).config)
    settings = {
        key: value
        for key, value in leaves.items()
        if not is_unchanging(key) and key != "format" and key not in record.fingerprints
    }
    settings[DEVICE] = ", ".join(devices(record))
    settings[DATA] = dict(record.fingerprints)
    settings[CODE] = {each.reference: each.digest for each in record.code}
    return Candidate(run, record, settings, frozenset(found))
