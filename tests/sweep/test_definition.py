"""The definition of a sweep: written once, compared with what a command asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stride.errors import ConfigError, NewerFormatError, RunNameError, StoredFileError
from stride.store.work_dir import WorkDir
from stride.sweep.beginning import begin_sweep
from stride.sweep.definition import check_same, read_definition
from stride.sweep.folder import SweepFolder, read_sweeps
from stride.sweep.space import Choice, Real, Whole
from tests.sweep.conftest import Begin, definition_of


def test_a_definition_is_read_as_it_was_written(begin: Begin) -> None:
    space = {
        "a": Choice(values=([4, 4], None, "x", 1.5)),
        "b": Real(low=1.0, high=2.0, log=True),
        "c": Whole(low=1, high=9, step=2),
    }
    folder, definition = begin(space=space, sampler="tpe", sampler_options={"n_startup_trials": 3})
    found = read_definition(folder)
    assert found == definition
    assert list(found.space) == ["a", "b", "c"]
    assert [each.name for each in read_sweeps(folder.work_dir)] == ["seeds"]


def test_of_two_that_begin_a_sweep_one_defines_it(begin: Begin) -> None:
    folder, definition = begin()
    assert begin_sweep(folder, definition_of()) == definition
    with pytest.raises(ConfigError, match="give another --name"):
        begin_sweep(folder, definition_of(direction="max"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"space": {"seed": Choice(values=(0, 1))}}, "seed = 0, 1, 2, not 0, 1"),
        ({"space": {"lr": Real(low=1e-5, high=1.0, log=True)}}, "seed = 0, 1, 2, not without"),
        ({"settings": {"fit_kwargs.max_epochs": 3}}, "fit_kwargs.max_epochs = 2, not 3"),
        ({"settings": {}}, "fit_kwargs.max_epochs = 2, not without"),
        ({"sampler": "random"}, "sampler grid, not random"),
        ({"pruner": "median"}, "pruner none, not median"),
        ({"metric": "val_accuracy"}, "metric val_loss, not val_accuracy"),
        ({"seed": 4}, "--seed 0, not 4"),
    ],
)
def test_a_changed_sweep_is_refused_with_what_changed(changed: dict[str, Any], said: str) -> None:
    folder = SweepFolder(WorkDir("exp"), "seeds")
    with pytest.raises(ConfigError, match=said):
        check_same(folder, definition_of(), definition_of(**changed))
    check_same(folder, definition_of(), definition_of(trials=9))


def test_a_definition_that_cannot_be_read_is_a_sentence(begin: Begin) -> None:
    folder, _ = begin()
    for content, error in (
        ('{"format": 99}', NewerFormatError), ("{", StoredFileError), ("{}", StoredFileError),
    ):  # fmt: skip
        folder.definition_path.write_text(content)
        with pytest.raises(error):
            read_definition(folder)


def test_a_sweep_stays_in_its_experiment(tmp_path: Path) -> None:
    for name in ("../x", "a/b", "", "-x", "x" * 101):
        with pytest.raises(RunNameError, match="a sweep cannot be named"):
            SweepFolder(WorkDir(tmp_path), name)
    assert list(read_sweeps(WorkDir(tmp_path))) == []
