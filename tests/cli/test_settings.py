"""Settings that a command line gives."""

from pathlib import Path

import pytest

from stride.cli.settings import read_settings
from stride.errors import ConfigError, RunNameError, UsageError
from stride.store.work_dir import WorkDir


@pytest.fixture(autouse=True)
def in_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_addresses_are_no_settings() -> None:
    settings = read_settings(["work_dir=exp", "seed=1", "run=a"], None, None)
    assert (settings.work_dir, settings.run, settings.typed) == ("exp", "a", ("seed=1",))
    assert "work_dir" not in settings.resolve(None).config.to_json()


def test_the_last_override_wins_and_comes_after_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"seed": 1}')
    (tmp_path / "b.toml").write_text("seed = 2\n")
    files = ["a.json", "b.toml"]
    assert read_settings(None, files, None).resolve(None).config.seed == 2
    assert read_settings(["seed=3", "seed=4"], files, None).resolve(None).config.seed == 4


def test_the_config_of_the_experiment_comes_first() -> None:
    experiment = WorkDir("exp")
    experiment.initialize({"seed": 5})
    assert read_settings(None, None, None).resolve(experiment).config.seed == 5
    assert read_settings(["seed=6"], None, None).resolve(experiment).config.seed == 6
    assert read_settings(None, None, ["seed"]).resolve(experiment).config.seed == 0


def test_paths_in_a_file_are_those_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "data.json").write_text(
        '{"dataset_kwargs": {"dataset_name": "arrays", "path": "data.npz"}}'
    )
    settings = read_settings(None, ["configs/data.json"], None)
    arguments = settings.resolve(None).config.dataset_kwargs.arguments
    assert arguments["path"] == str(tmp_path / "configs" / "data.npz")


def test_the_current_folder_is_meant_where_it_is_an_experiment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="work_dir is missing"):
        read_settings(None, None, None).experiment()
    WorkDir("exp").initialize()
    monkeypatch.chdir(tmp_path / "exp")
    assert read_settings(None, None, None).experiment().path == tmp_path / "exp"


def test_what_is_wrong_is_said_before_anything_is_resolved() -> None:
    with pytest.raises(RunNameError):
        read_settings(["run=a/b"], None, None)
    with pytest.raises(ConfigError):
        read_settings(["seed"], None, None)
