"""Samplers: who chooses the next point. What a trial gets is a function of (seed, trial, history).

A sampler is built anew for each trial, seeded by the sweep's seed, the trial's number and the key:
so a worker that is started again does not draw the same numbers again, two workers never draw
alike, and the random points of a sweep are the same however many workers there are.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from stride.errors import ConfigError, UsageError
from stride.sweep.definition import Definition, Option
from stride.sweep.folder import SweepFolder
from stride.sweep.options import check_options
from stride.sweep.quiet import quietly
from stride.sweep.space import Choice, Space

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

SAMPLERS: Final = ("grid", "random", "tpe", "gp", "cmaes", "qmc")

_KEPT: Final = ("seed", "independent_sampler", "warn_independent_sampling", "constraints_func",
                "source_trials", "x0", "gamma", "weights", "warn_asynchronous_seeding")  # fmt: skip


def build_sampler(definition: Definition, trial: int) -> BaseSampler:
    """The sampler of one trial. For a grid it draws nothing: its points are enqueued."""
    from stride.sweep.seeded import SeededSampler  # deferred: needs Optuna, an extra

    return SeededSampler(lambda key: _build(definition, trial, key))


def _build(definition: Definition, trial: int, key: str) -> BaseSampler:
    import optuna  # deferred: an extra

    own = _derived(definition.seed, trial, key)
    if definition.sampler in ("grid", "random"):
        return optuna.samplers.RandomSampler(seed=own)
    build = _class_of(definition.sampler)
    if definition.sampler == "qmc":
        # The sequence is one for all trials; its place in it is kept in the journal.
        build = partial(build, independent_sampler=optuna.samplers.RandomSampler(seed=own))
        own = definition.seed
    arguments = {**_defaults(definition.sampler), **definition.sampler_options}
    with quietly():
        sampler: BaseSampler = build(**arguments, seed=own)
    return sampler


def check_sampler(name: str, options: Mapping[str, Option], space: Space) -> None:
    """Whether there is such a sampler, it takes the options, and can do with the space.

    Raises:
        ConfigError: no.
    """
    if name not in SAMPLERS:
        raise ConfigError(f"there is no sampler {name!r}: it is one of {', '.join(SAMPLERS)}")
    if name in ("grid", "random"):
        if options:
            raise ConfigError(f"the sampler {name} has no options")
        return
    check_options(f"the sampler {name}", _class_of(name), options, _KEPT)
    numbers = [key for key, dimension in space.items() if not isinstance(dimension, Choice)]
    if name == "cmaes" and len(numbers) < 2:
        raise ConfigError(
            "the sampler cmaes searches ranges of numbers, at least two: write them as"
            " log:1e-5:1e-1, uniform:0:1 or int:1:8, or choose another --sampler"
        )


def check_trust(folder: SweepFolder, definition: Definition, *, trust: bool) -> None:
    """Optuna keeps the state of cmaes in the journal as a pickle, which can run code when read.

    Raises:
        UsageError: another user could have written it, and nobody said that it can be trusted.
    """
    if definition.sampler != "cmaes" or trust or not hasattr(os, "getuid"):
        return
    for path in (folder.path, folder.journal_path):
        if path.exists() and path.stat().st_uid != os.getuid():
            raise UsageError(
                f"{folder.address} belongs to another user, and the journal of a cmaes sweep can"
                " run code of theirs: join it with --trust"
            )


def _class_of(name: str) -> Any:
    import optuna  # deferred: an extra

    return {
        "tpe": optuna.samplers.TPESampler,
        "gp": optuna.samplers.GPSampler,
        "cmaes": optuna.samplers.CmaEsSampler,
        "qmc": optuna.samplers.QMCSampler,
    }[name]


def _defaults(name: str) -> dict[str, Any]:
    quiet = {"warn_independent_sampling": False}
    return {
        "tpe": {},
        "gp": quiet,
        "cmaes": quiet,
        "qmc": {**quiet, "scramble": True},
    }[name]


def _derived(seed: int, trial: int, key: str) -> int:
    digest = hashlib.sha256(f"stride sweep {seed} {trial} {key}".encode()).digest()
    return int.from_bytes(digest[:4], "little")
