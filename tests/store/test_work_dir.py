"""An experiment is a folder; its runs are found by number and name, and nothing else is one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.errors import (
    ConfigError,
    NewerFormatError,
    NotAnExperimentError,
    RunExistsError,
    RunNameError,
    RunNotFoundError,
    StorageError,
    StoredFileError,
)
from stride.store.record import CodeRecord, Parent, Status
from stride.store.work_dir import WorkDir


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every path below the folder, with its content."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_an_object_touches_no_disk(tmp_path: Path) -> None:
    assert not WorkDir(tmp_path / "a" / "exp").exists()
    assert tree(tmp_path) == {}


def test_runs_are_numbered_from_zero(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    runs = [experiment.create({"lr": lr}) for lr in (0.1, 0.2, 0.3)]
    assert [run.number for run in runs] == [0, 1, 2]
    assert list(experiment.runs()) == runs
    assert [run.read_config()["lr"] for run in experiment.runs()] == [0.1, 0.2, 0.3]


def test_a_run_has_its_config_and_its_record_from_the_first_moment(tmp_path: Path) -> None:
    parent = Parent(relation="continued", work_dir="old", run="3", id="abc")
    code = CodeRecord(reference="m.py:Net", path="/m.py", digest="sha256:0")
    run = WorkDir(tmp_path / "exp").create(
        {"lr": 0.1, "dims": (64, 64)},
        overrides=("lr=0.1",),
        chosen=("lr",),
        parents=(parent,),
        code=(code,),
    )
    assert run.read_config() == {"format": 1, "lr": 0.1, "dims": [64, 64]}
    record = run.read_record()
    assert (record.status, record.overrides, record.chosen) == ("created", ("lr=0.1",), ("lr",))
    assert (record.parents, record.code, record.attempts) == ((parent,), (code,), ())
    assert sorted(path.name for path in run.path.iterdir()) == ["config.json", "run.json"]


def test_all_of_a_config_was_chosen_where_nothing_else_is_said(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    given = experiment.create({"format": 1, "lr": 0.1, "net": {"dims": [64], "bias": True}})
    assert given.read_record().chosen == ("lr", "net.dims", "net.bias")
    assert experiment.create({"lr": 0.1}, chosen=()).read_record().chosen == ()


def test_the_config_of_an_experiment_holds_only_its_format_unless_chosen(tmp_path: Path) -> None:
    WorkDir(tmp_path / "a").create({"lr": 0.1})
    assert WorkDir(tmp_path / "a").read_config() == {"format": 1}
    assert WorkDir(tmp_path / "b").initialize({"seed": 3})
    WorkDir(tmp_path / "b").create({"lr": 0.1})
    assert WorkDir(tmp_path / "b").read_config() == {"format": 1, "seed": 3}


def test_initializing_twice_changes_nothing(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    assert experiment.initialize({"seed": 1})
    assert not experiment.initialize({"seed": 2})
    assert experiment.read_config() == {"format": 1, "seed": 1}


def test_an_address_is_as_it_was_typed_whatever_folder_comes_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    experiment = WorkDir("my exp/é")
    run = experiment.create({})
    monkeypatch.chdir("/")
    assert run.address == "my exp/é/0"
    assert run.path == tmp_path / "my exp" / "é" / "0"
    assert experiment.create({}).address == "my exp/é/1"
    assert WorkDir(tmp_path / "my exp" / "é").run(1).read_record().status is Status.CREATED


def test_two_experiments_number_apart(tmp_path: Path) -> None:
    runs = [WorkDir(tmp_path / name).create({}) for name in ("a", "b", "a")]
    assert [run.number for run in runs] == [0, 0, 1]


def test_named_runs_take_no_number(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    assert experiment.create({}, name="baseline").address.endswith("exp/baseline")
    assert experiment.create({}).number == 0
    assert experiment.create({}, name="a").number is None
    assert [run.name for run in experiment.runs()] == ["0", "a", "baseline"]
    assert experiment.run("baseline").name == "baseline"


def test_a_name_that_is_taken_is_refused_and_the_run_is_untouched(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    experiment.create({"lr": 1}, name="a")
    (experiment.path / "file").write_text("mine")
    before = tree(tmp_path)
    for name in ("a", "file"):
        with pytest.raises(RunExistsError, match=f"{name} exists already"):
            experiment.create({"lr": 2}, name=name)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", ["../x", "latest", "3", "", "a/b"])
def test_a_forbidden_name_leaves_no_run_and_no_experiment(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunNameError):
        WorkDir(tmp_path / "exp").create({}, name=name)
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("value", [{1}, object(), "\ud800", Path("x")])
def test_a_config_that_is_no_json_leaves_nothing(tmp_path: Path, value: object) -> None:
    with pytest.raises(ConfigError, match="cannot be written as JSON"):
        WorkDir(tmp_path / "exp").create({"a": value})
    assert tree(tmp_path) == {}


def test_references_find_runs_by_number_name_and_latest(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    for _ in range(11):
        experiment.create({})
    experiment.create({}, name="zeta")
    assert experiment.run(3) == experiment.run("3") == experiment.run("003")
    assert experiment.run("latest").number == 10
    assert experiment.run("zeta").name == "zeta"


def test_a_run_that_is_not_there_is_said_with_what_is(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    experiment.initialize()
    with pytest.raises(RunNotFoundError, match=r"run 12 is not in .*exp \(it has no runs yet\)"):
        experiment.run(12)
    with pytest.raises(RunNotFoundError, match="no numbered run yet"):
        experiment.run("latest")
    for name in (None, None, None, "gone", None, "a"):
        experiment.create({}, name=name)
    (experiment.path / "gone").rename(tmp_path / "gone")
    (experiment.path / "1").rename(tmp_path / "1")
    with pytest.raises(RunNotFoundError, match=r"run 12 is not in .*exp \(it has 0, 2-3, a\)"):
        experiment.run(12)


@pytest.mark.parametrize("reference", ["..", ".", "", "../exp/0", "0/../0", "9" * 5000, "-1", "٣"])
def test_no_reference_leads_out_of_the_experiment(tmp_path: Path, reference: str) -> None:
    experiment = WorkDir(tmp_path / "exp")
    experiment.create({})
    with pytest.raises(RunNotFoundError):
        experiment.run(reference)


def test_entries_that_are_no_runs_are_passed_over(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    run = experiment.create({})
    for name in ("2024", "notes", "007"):
        (experiment.path / name).mkdir()
    (experiment.path / "5").write_text("a file")
    (experiment.path / "README.md").write_text("about")
    outside = WorkDir(tmp_path / "other").create({})
    (experiment.path / "7").symlink_to(outside.path)
    (experiment.path / "8").symlink_to(tmp_path / "nowhere")
    (experiment.path / "same").symlink_to(run.path)
    assert [found.name for found in experiment.runs()] == ["0", "same"]
    with pytest.raises(RunNotFoundError):
        experiment.run(7)


def test_numbers_go_on_past_folders_that_are_no_runs(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    experiment.initialize()
    (experiment.path / "2024").mkdir()
    (experiment.path / "1").write_text("a file")
    (experiment.path / "2").mkdir()
    (experiment.path / "2" / "mine").write_text("content")
    assert [experiment.create({}).number for _ in range(3)] == [0, 3, 4]
    assert (experiment.path / "2" / "mine").read_text() == "content"


def test_a_damaged_run_is_still_listed(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    runs = [experiment.create({}) for _ in range(3)]
    runs[0].record_path.unlink()
    runs[1].config_path.write_bytes(b"")
    assert list(experiment.runs()) == runs
    with pytest.raises(StoredFileError, match=r"0/run\.json is missing"):
        runs[0].read_record()
    with pytest.raises(StoredFileError, match=r"1/config\.json is empty"):
        runs[1].read_config()


def test_the_newest_come_first_and_names_take_their_place_by_time(tmp_path: Path) -> None:
    experiment = WorkDir(tmp_path / "exp")
    for second, name in enumerate([None, "a", None, None, "b", None]):
        run = experiment.create({}, name=name)
        os.utime(run.config_path, (second, second))
    assert [run.name for run in experiment.newest(4)] == ["3", "b", "2", "1"]
    assert [run.name for run in experiment.newest(99)] == ["3", "b", "2", "1", "a", "0"]
    assert experiment.newest(0) == []


@pytest.mark.parametrize("content", [b'{"a": 1}', b"[1]", b'{"format": "x"}', b'{"format": true}'])
def test_a_config_of_something_else_makes_no_experiment(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.json").write_bytes(content)
    for adopt in (False, True):
        with pytest.raises(NotAnExperimentError, match="no format of stride"):
            WorkDir(tmp_path).initialize(adopt=adopt)
    with pytest.raises(NotAnExperimentError):
        WorkDir(tmp_path).create({})
    assert tree(tmp_path) == {"config.json": content}
    assert not WorkDir(tmp_path).exists()


def test_a_folder_with_other_content_is_taken_only_when_adopted(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(NotAnExperimentError, match=r"has no config.json; `stride init"):
        WorkDir(tmp_path).create({})
    assert tree(tmp_path) == {"thesis.tex": b"mine"}
    assert WorkDir(tmp_path).initialize(adopt=True)
    assert WorkDir(tmp_path).create({}).number == 0
    assert (tmp_path / "thesis.tex").read_text() == "mine"


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / ".gitkeep").touch()
    assert WorkDir(tmp_path).create({}).number == 0


def test_a_file_is_no_experiment_and_stays(tmp_path: Path) -> None:
    (tmp_path / "exp").write_text("mine")
    with pytest.raises(NotAnExperimentError, match="is a file"):
        WorkDir(tmp_path / "exp").create({})
    with pytest.raises(StorageError, match="a part of the path is a file"):
        WorkDir(tmp_path / "exp" / "below").create({})
    assert tree(tmp_path) == {"exp": b"mine"}


def test_a_run_is_no_experiment(tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({})
    before = tree(tmp_path)
    for adopt in (False, True):
        with pytest.raises(NotAnExperimentError, match="is a run; its experiment is"):
            WorkDir(run.path).initialize(adopt=adopt)
    with pytest.raises(NotAnExperimentError, match="is a run"):
        WorkDir(run.path).create({})
    assert tree(tmp_path) == before


def test_an_absent_experiment_is_said(tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError, match=r"there is no experiment .*exp"):
        WorkDir(tmp_path / "exp").run(0)
    with pytest.raises(RunNotFoundError):
        list(WorkDir(tmp_path / "exp").runs())


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_is_no_path_is_said(path: str) -> None:
    with pytest.raises(NotAnExperimentError, match="work_dir is not a path"):
        WorkDir(path)


def test_the_home_of_nobody_is_said() -> None:
    with pytest.raises(NotAnExperimentError, match="no user's home folder"):
        WorkDir("~nobody-of-that-name/exp")


def test_a_path_that_is_too_long_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="the name is too long"):
        WorkDir(tmp_path / ("x" * 300)).create({})
    assert tree(tmp_path) == {}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", StoredFileError),
        (b'{"format": 1', StoredFileError),
        (b'{"format": 2}', NewerFormatError),
    ],
)
def test_a_damaged_config_of_an_experiment_is_said(
    tmp_path: Path, content: bytes, error: type[Exception]
) -> None:
    experiment = WorkDir(tmp_path / "exp")
    experiment.create({})
    experiment.config_path.write_bytes(content)
    with pytest.raises(error, match=r"exp/config\.json"):
        experiment.create({})
    assert experiment.exists()
    assert experiment.config_path.read_bytes() == content


CONFIG = st.dictionaries(
    st.text("abc_", min_size=1, max_size=4).filter(lambda key: key != "format"),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text('xyz é"\n'),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("ab", max_size=3), inner),
        max_leaves=6,
    ),
)


@given(CONFIG)
def test_any_config_reads_back_as_it_was_given(
    tmp_path_factory: pytest.TempPathFactory, config: dict[str, object]
) -> None:
    run = WorkDir(tmp_path_factory.getbasetemp() / "law").create(config)
    assert run.read_config() == {"format": 1, **config}
    assert json.loads(run.config_path.read_text())["format"] == 1


def test_a_config_that_contains_itself_is_one_sentence(tmp_path: Path) -> None:
    endless: dict[str, object] = {}
    endless["again"] = endless
    with pytest.raises(ConfigError, match="it contains itself"):
        WorkDir(tmp_path / "exp").create(endless)
    assert list(tmp_path.iterdir()) == []
