"""Pruners: who ends a trial that will not be among the best, by what it reports as it goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from stride.errors import ConfigError
from stride.sweep.definition import Definition, Option
from stride.sweep.options import check_options
from stride.sweep.quiet import quietly

if TYPE_CHECKING:
    from optuna.pruners import BasePruner

NONE: Final = "none"
PRUNERS: Final = ("none", "median", "percentile", "hyperband", "halving", "threshold", "patient")

_NEEDED: Final[Mapping[str, Mapping[str, Option]]] = {
    "percentile": {"percentile": 25.0},
    "patient": {"wrapped_pruner": None, "patience": 3},
}
"""What Optuna has no default for, and we have one."""


def build_pruner(definition: Definition) -> BasePruner:
    """The pruner of a sweep."""
    import optuna  # deferred: an extra

    if definition.pruner == NONE:
        return optuna.pruners.NopPruner()
    options = {**_NEEDED.get(definition.pruner, {}), **definition.pruner_options}
    if definition.pruner == "hyperband" and definition.resource is not None:
        options = {"max_resource": definition.resource, **options}
    with quietly():
        pruner: BasePruner = _class_of(definition.pruner)(**options)
    return pruner


def check_pruner(name: str, options: Mapping[str, Option], metric: str) -> None:
    """Whether there is such a pruner, and it takes the options.

    Raises:
        ConfigError: no; or the metric is not known before the end.
    """
    if name not in PRUNERS:
        raise ConfigError(f"there is no pruner {name!r}: it is one of {', '.join(PRUNERS)}")
    if name == NONE:
        if options:
            raise ConfigError("--pruner-option needs a --pruner")
        return
    if metric.startswith("test."):
        raise ConfigError(f"{metric} is measured at the end: a pruner needs one of each epoch")
    known = {**_NEEDED.get(name, {}), **options}
    if name == "threshold" and not options:
        raise ConfigError(
            "the pruner threshold needs a bound: --pruner-option upper=VALUE or lower=VALUE"
        )
    check_options(f"the pruner {name}", _class_of(name), known)


def _class_of(name: str) -> Any:
    import optuna  # deferred: an extra

    return {
        "median": optuna.pruners.MedianPruner,
        "percentile": optuna.pruners.PercentilePruner,
        "hyperband": optuna.pruners.HyperbandPruner,
        "halving": optuna.pruners.SuccessiveHalvingPruner,
        "threshold": optuna.pruners.ThresholdPruner,
        "patient": optuna.pruners.PatientPruner,
    }[name]
