"""The comparison of two runs, bit for bit: one that was killed, and one that never was."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stride.errors import StrideError
from stride.files import sha256_of
from stride.store.record import Status
from stride.store.run import Run
from stride.store.weights_digests import recorded_digests
from stride.training.checkpoints.reading import read_checkpoint, read_newest


def differences(run: Run, reference: Run) -> list[str]:
    """What is not the same in a run as in the reference, a line each; [] where all is.

    Compared are the tables of metrics and steps, all weights and the results byte for byte, the
    whole state in the last checkpoint, with that of the optimisers, bit for bit, and what the
    record says of the end. Times and attempts are no part of it.
    """
    return [
        *_files(run, reference, "logs", ("metrics.csv", "steps.csv")),
        *_files(run, reference, "weights"),
        *_files(run, reference, "results"),
        *_checkpoints(run, reference),
        *_records(run, reference),
        *_timings(run, reference),
        *leftovers(run),
    ]


def _files(
    run: Run, reference: Run, folder: str, names: tuple[str, ...] | None = None
) -> Iterator[str]:
    here, there = (
        {path.name: path.read_bytes() for path in sorted((one.path / folder).glob("*"))}
        for one in (run, reference)
    )
    for name in names or sorted({*here, *there}):
        if name not in here or name not in there:
            yield f"{folder}/{name} is only in the {'reference' if name in there else 'run'}"
        elif here[name] != there[name]:
            yield f"{folder}/{name} differs{_first_line(here[name], there[name])}"


def _first_line(here: bytes, there: bytes) -> str:
    """Where two texts part; nothing for weights."""
    if b"\0" in here:
        return ""
    lines, expected = here.decode().splitlines(), there.decode().splitlines()
    for number, (line, other) in enumerate(zip(lines, expected, strict=False), start=1):
        if line != other:
            return f" in line {number}: {line} instead of {other}"
    return f": {len(lines)} lines instead of {len(expected)}"


def _checkpoints(run: Run, reference: Run) -> Iterator[str]:
    here, there = read_newest(run), read_newest(reference)
    if here is None or there is None:
        yield f"the run has {here and here.path.name}, the reference {there and there.path.name}"
        return
    if here.manifest.position != there.manifest.position:
        yield f"the last checkpoint is of {here.manifest.position}, not {there.manifest.position}"
    yield from tree_differences(here.state, there.state, "state")


def tree_differences(here: Any, there: Any, path: str) -> Iterator[str]:
    """Where two trees of state part: types, keys, and every bit of numbers and tensors."""
    if type(here) is not type(there):
        yield f"{path} is a {type(here).__name__}, not a {type(there).__name__}"
    elif isinstance(here, dict):
        for key in [*here, *(key for key in there if key not in here)]:
            if key not in here or key not in there:
                yield f"{path}.{key} is only in the {'reference' if key in there else 'run'}"
            else:
                yield from tree_differences(here[key], there[key], f"{path}.{key}")
    elif isinstance(here, list | tuple):
        if len(here) != len(there):
            yield f"{path} has {len(here)} elements, not {len(there)}"
        for number, pair in enumerate(zip(here, there, strict=False)):
            yield from tree_differences(*pair, f"{path}.{number}")
    elif isinstance(here, np.ndarray | np.generic):
        yield from tree_differences(torch.as_tensor(here), torch.as_tensor(there), path)
    elif isinstance(here, Tensor):
        if not _same_bits(here, there):
            first, expected = (one.flatten()[:4].tolist() for one in (here, there))
            yield f"{path} differs: it begins {first}, not {expected}"
    elif isinstance(here, float):
        if struct.pack("d", here) != struct.pack("d", there) and not (
            math.isnan(here) and math.isnan(there)
        ):
            yield f"{path} is {here!r}, not {there!r}"
    elif here != there:
        yield f"{path} is {here!r}, not {there!r}"


def _same_bits(here: Tensor, there: Tensor) -> bool:
    if here.dtype != there.dtype or here.shape != there.shape:
        return False
    flat, other = here.contiguous().flatten(), there.contiguous().flatten()
    return torch.equal(flat.view(torch.uint8), other.view(torch.uint8))


def _records(run: Run, reference: Run) -> Iterator[str]:
    here, there = run.read_record(), reference.read_record()
    for field in ("status", "reason", "error", "progress", "best", "last", "digests", "resolved"):
        value, expected = getattr(here, field), getattr(there, field)
        if value != expected:
            yield f"run.json: {field} is {value}, not {expected}"
    numbers = [attempt.number for attempt in here.attempts]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"run.json: the attempts are {numbers}"


def _timings(run: Run, reference: Run) -> Iterator[str]:
    """Each epoch has its one row, whatever it says."""
    rows, expected = (
        [(row["epoch"], row["step"]) for row in one.timings.read()] for one in (run, reference)
    )
    if rows != expected:
        yield f"logs/timings.csv has rows of {rows}, not of {expected}"


def leftovers(run: Run) -> list[str]:
    """What should not lie in the folder of a run that is done."""
    signs = (".staging-", ".removed-", ".tmp-")
    paths = [path for path in run.path.rglob("*") if path.name.startswith(signs)]
    return [f"{path.relative_to(run.path)} was left" for path in paths]


def wounds(run: Run) -> list[str]:
    """What a kill must not have done to a run, a line each: checkpoints, weights and tables are
    whole, and its record tells the truth.
    """
    found = []
    record = run.read_record()
    verdict = run.status(record)
    if record.status is Status.RUNNING and not str(verdict.text).startswith("crashed"):
        found.append(f"the status is {verdict.text}")
    for path in sorted(run.weights_path.glob("*.safetensors")):
        if sha256_of(path.read_bytes()) not in recorded_digests(record.digests, path.name):
            found.append(f"{path.name} is not what run.json tells of")
    for table in (run.metrics, run.steps):
        steps = [int(str(row["step"])) for row in table.read()]
        if steps != sorted(set(steps)):
            found.append(f"{table.path.name} has rows of the steps {steps}")
    return [*found, *broken_checkpoints(run)]


def checkpoint_folders(run: Run) -> list[Path]:
    """The committed ones, the oldest first."""
    return sorted(run.checkpoints_path.glob("step-*"))


def broken_checkpoints(run: Run) -> list[str]:
    """Those that are there and do not verify."""
    found = []
    for folder in checkpoint_folders(run):
        try:
            read_checkpoint(folder)
        except StrideError as error:
            found.append(str(error))
    return found
