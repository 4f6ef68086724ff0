"""The experiments and runs that a command is about, by what was typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from stride.cli.experiment import open_run
from stride.errors import RunNameError
from stride.store.record import BestRecord
from stride.store.work_dir import WorkDir


@pytest.fixture
def experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkDir:
    """The experiment `exp` with the runs 0, 1 and baseline, of which 0 is the best."""
    monkeypatch.chdir(tmp_path)
    made = WorkDir("exp")
    for value, name in ((0.1, None), (0.2, None), (0.3, "baseline")):
        with made.create({}, name=name).start() as attempt:
            attempt.best(BestRecord(monitor="val/loss", mode="min", value=value))
    return made


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("exp/0", "0"),
        ("exp/baseline", "baseline"),
        ("exp/latest", "1"),
        ("exp/best", "0"),
        ("exp/best:val/loss", "0"),
        ("exp/best/", "0"),
    ],
)
def test_a_run_is_found_by_number_name_or_what_it_is(
    experiment: WorkDir, address: str, name: str
) -> None:
    assert open_run(address).name == name


def test_in_the_current_folder_a_reference_stands_alone(
    experiment: WorkDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("exp")
    assert [open_run(text).name for text in ("1", "best", "latest", "best:val/loss")] == [
        *("1", "0", "1", "0")
    ]


@pytest.mark.parametrize("reference", ["latest", "best", "best:val/loss"])
def test_what_removes_or_changes_takes_numbers_and_names_only(
    experiment: WorkDir, reference: str
) -> None:
    with pytest.raises(RunNameError) as caught:
        open_run(f"exp/{reference}", exact=True)
    assert str(caught.value) == (
        f"exp/{reference} may be another run tomorrow: name the run by its number or name, "
        "as in exp/3"
    )
    assert open_run("exp/baseline", exact=True).name == "baseline"
    assert open_run("exp/007".replace("7", "1"), exact=True).name == "1"
