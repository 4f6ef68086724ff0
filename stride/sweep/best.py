"""The best trial of a study, and its config: best_config.json, what was chosen for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stride.config.dotted import pick
from stride.config.format import FORMAT
from stride.errors import StrideError
from stride.files import read_json, write_json
from stride.store.run import Run
from stride.sweep.folder import SweepFolder
from stride.sweep.standing import RUN, RUN_ID

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial


def best_trial(study: Study) -> FrozenTrial | None:
    """The best of the completed trials, the lower number on a tie; None while there is none."""
    from optuna.trial import TrialState

    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not done:
        return None
    sign = -1.0 if study.direction.name == "MAXIMIZE" else 1.0
    return min(done, key=lambda trial: (sign * (trial.value or 0.0), trial.number))


def write_best_config(folder: SweepFolder, study: Study) -> None:
    """Write what was chosen for the best trial, where it is not there already.

    Raises:
        StorageError: the disk refused.
    """
    trial = best_trial(study)
    if trial is None:
        return
    run = Run(folder.work_dir.path / str(trial.user_attrs[RUN]))
    try:
        record, config = run.read_record(), run.read_config()
    except StrideError:
        return  # it was removed: the config of the time when it was there stays
    if record.id != trial.user_attrs.get(RUN_ID):
        return
    chosen = {"format": FORMAT, **pick(config, record.chosen)}
    try:
        known = read_json(folder.best_config_path)
    except (StrideError, FileNotFoundError):
        known = None
    if known != chosen:
        write_json(folder.best_config_path, chosen)
