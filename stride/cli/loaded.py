"""A run loaded for a command: its model with verified weights, and measurements on its data."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stride.cli import answer
from stride.cli.own_code import announce, own_code_of
from stride.config.catalog import KINDS
from stride.config.overrides import Override, parse_override
from stride.config.resolution import Layer, resolve
from stride.config.schema import Config
from stride.config.stored import read_stored_config
from stride.errors import ConfigError, DataError, UsageError
from stride.store.run import Run
from stride.training.catalog import BuiltinCatalog
from stride.training.data import fingerprint_of, load_split
from stride.training.evaluation import evaluate
from stride.training.given import Given
from stride.training.loading import Loaded, load_run
from stride.training.references import load_reference
from stride.training.seeding import own_randomness

MODEL_GROUPS = ("model_kwargs", "task_kwargs")
DATA_GROUP = "dataset_kwargs"
SPLITS = ("train", "val", "test")


@contextlib.contextmanager
def printing_beside_the_answer() -> Iterator[None]:
    """What the user's own code prints goes to standard error."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def check_split(split: str) -> str:
    """A split as typed.

    Raises:
        UsageError: it is none.
    """
    if split not in SPLITS:
        raise UsageError(f"there is no split {split!r}; it is train, val or test")
    return split


def load(
    run: Run,
    *,
    device: str | None,
    weights: str | None,
    code: str | None,
    trust: bool,
    with_data: bool,
) -> Loaded:
    """Load a run, after the code of the user's own that is imported for it was named.

    Raises:
        UsageError: no such run or weights, or it is another user's and not trusted.
        VerificationError, StoredFileError: a file is not what was written.
    """
    groups = (*MODEL_GROUPS, DATA_GROUP) if with_data else MODEL_GROUPS
    config = read_stored_config(run.read_config(), str(run.config_path))
    folder = None if code is None else _folder(code)
    announce(run, own_code_of(config, groups), trust=trust, code=folder)
    with printing_beside_the_answer():
        loaded = load_run(run, device=device or "auto", weights=weights, code=folder)
        _note_changed_code(loaded, own_code_of(config, MODEL_GROUPS), folder)
    return loaded


def _note_changed_code(loaded: Loaded, references: Mapping[str, str], code: Path | None) -> None:
    """Say which code is not what it was when the run was trained; it is imported already."""
    recorded = {each.reference: each.digest for each in loaded.record.code}
    for key, name in references.items():
        kind = key.rpartition(".")[2].removesuffix("_name")
        digest = load_reference(kind, name, code=code).digest if kind in KINDS else None
        if digest is not None and recorded.get(name) not in (None, digest):
            answer.note(f"warning: {name} has changed since {loaded.run.address} was trained")


def _folder(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    if not path.is_dir():
        raise UsageError(f"--code {text} is no folder; name the one that holds the run's code")
    return path


def measure(
    loaded: Loaded, split: str, changes: Sequence[str] | None, code: str | None
) -> dict[str, float]:
    """Losses and metrics on a split, named `<split>_*`.

    Args:
        changes: overrides of the data set's arguments, for data that was moved.
        code: a folder to take the user's own code from, instead of where it was.

    Raises:
        ConfigError: an override of something else.
        DataError: no such split, or other data than the run was trained on.
    """
    overrides = [parse_override(text) for text in changes or ()]
    config = _with_changes(loaded.config, overrides)
    with printing_beside_the_answer(), own_randomness(config.seed):
        folder = None if code is None else _folder(code)
        dataset, batches = load_split(config, Given(), split, loaded.device, code=folder)
        if batches is None:
            raise DataError(f"the data of {loaded.run.address} has no split {split}")
        _check_fingerprint(loaded, split, fingerprint_of(dataset), moved=bool(changes))
        factors = config.fit_kwargs.balancing.weights
        values = evaluate(loaded.task, loaded.model, batches, loaded.device, factors=factors)
    return {f"{split}_{name}": value for name, value in values.items()}


def _with_changes(config: Config, overrides: Sequence[Override]) -> Config:
    if not overrides:
        return config
    for override in overrides:
        if override.path[0] != DATA_GROUP or override.path[-1] == "dataset_name":
            raise ConfigError(
                f"{override.key} cannot be changed here: --config says where the data is now, as "
                "in dataset_kwargs.path=FILE"
            )
    tree = {DATA_GROUP: config.to_json()[DATA_GROUP]}
    layers = [Layer(tree=tree), Layer(overrides=tuple(overrides))]
    moved = resolve(layers, BuiltinCatalog()).config
    return config.model_copy(update={DATA_GROUP: moved.dataset_kwargs})


def _check_fingerprint(loaded: Loaded, split: str, found: str | None, *, moved: bool) -> None:
    recorded = loaded.record.fingerprints.get(split)
    if recorded is None or found is None or found == recorded:
        return
    sentence = f"the {split} data is not that of {loaded.run.address}: its content has changed"
    if moved:
        raise DataError(f"{sentence}; its fingerprint was {recorded}, and is {found}")
    answer.note(f"warning: {sentence}")


def recorded_metrics(loaded: Loaded, split: str) -> dict[str, float | str]:
    """What was measured on a split with these weights during the training; {} if nothing was."""
    best = loaded.record.best
    of_best = [each for each in best if each.weights == loaded.weights]
    known: dict[str, Any] = {}
    if split == "test" and best and loaded.weights == best[0].weights:
        known = loaded.run.read_results()
    elif split == "val":
        known = dict(of_best[0].metrics) if of_best else dict(loaded.record.last)
    return {name: value for name, value in known.items() if name.startswith(f"{split}_")}


def broken(
    recorded: Mapping[str, float | str], measured: Mapping[str, float], tolerance: float
) -> list[str]:
    """Names of recorded metrics that the measurement does not reach again."""
    return [
        name
        for name, value in recorded.items()
        if name not in measured or not _close(float(value), measured[name], tolerance)
    ]


def _close(recorded: float, measured: float, tolerance: float) -> bool:
    if not math.isfinite(recorded) or not math.isfinite(measured):
        return str(recorded) == str(measured)
    return abs(measured - recorded) <= tolerance * max(1.0, abs(recorded))
