"""A sampler whose draws are functions of the trial and the key, in whatever order they are made.

So a trial whose worker was killed between two of its values gets the others as it would have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from optuna.samplers import BaseSampler

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial, TrialState


class SeededSampler(BaseSampler):
    """One of Optuna's samplers, for one trial.

    Args:
        build: builds it; is told the key that is drawn by itself, and "" for what is drawn of a
            trial as a whole.
    """

    def __init__(self, build: Callable[[str], BaseSampler]) -> None:
        self._build = build
        self._whole = build("")

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """What is drawn as a whole."""
        return self._whole.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Draw that."""
        return self._whole.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw one key by itself."""
        own = self._build(param_name)
        return own.sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Hand on."""
        self._whole.before_trial(study, trial)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Hand on."""
        self._whole.after_trial(study, trial, state, values)
