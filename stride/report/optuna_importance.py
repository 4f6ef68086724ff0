"""Optuna's importances of parameters, of a study in memory; the one module that knows how."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.importance import (
    BaseImportanceEvaluator,
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)
from optuna.study import StudyDirection

_BEST: float = 0.1
"""The part of the runs that PED-ANOVA takes for the best, but at least `_FEWEST_BEST` of them, as
its authors advise, and at most half."""
_FEWEST_BEST = 5


@dataclass(frozen=True)
class Parameter:
    """What a parameter was in each run: whole numbers from 0 on, in an order or as mere names."""

    places: Sequence[int]
    ordered: bool

    @property
    def distribution(self) -> BaseDistribution:
        """Every number that occurs, and those between."""
        highest = max(self.places)
        if self.ordered:
            return IntDistribution(0, highest)
        return CategoricalDistribution(range(highest + 1))


def importances(
    parameters: Sequence[Parameter], values: Sequence[float], *, maximize: bool, fanova: bool
) -> list[float]:
    """The importance of each parameter for the values, one a run.

    Returns:
        By fANOVA shares of the variance, which leave out what parameters do jointly; by PED-ANOVA
        shares that sum to 1.
    """
    names = [str(number) for number in range(len(parameters))]
    distributions = {
        name: parameter.distribution for name, parameter in zip(names, parameters, strict=True)
    }
    study = _quiet_study(StudyDirection.MAXIMIZE if maximize else StudyDirection.MINIMIZE)
    study.add_trials(
        optuna.trial.create_trial(
            params={
                name: parameter.places[run]
                for name, parameter in zip(names, parameters, strict=True)
            },
            distributions=distributions,
            value=value,
        )
        for run, value in enumerate(values)
    )
    evaluator: BaseImportanceEvaluator
    if fanova:
        evaluator = FanovaImportanceEvaluator(seed=0)
    else:
        quantile = min(0.5, max(_BEST, _FEWEST_BEST / len(values)))
        evaluator = PedAnovaImportanceEvaluator(target_quantile=quantile)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on few runs, which the report says itself
        found = get_param_importances(study, evaluator=evaluator, normalize=not fanova)
    return [float(found.get(name, 0.0)) for name in names]


def _quiet_study(direction: StudyDirection) -> optuna.Study:
    """A study in memory; that it was made is no news."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(direction=direction)
    finally:
        optuna.logging.set_verbosity(level)
