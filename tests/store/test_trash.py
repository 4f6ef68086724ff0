"""The trash: runs go there whole and come back whole; a number is not given again meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stride.errors import (
    RunBusyError,
    RunExistsError,
    RunNameError,
    RunNotFoundError,
    StorageError,
    UsageError,
)
from stride.store.run import Run
from stride.store.trash import read_trash, remove_run, restore_run
from stride.store.work_dir import WorkDir
from tests.store.kept_runs import bytes_of, completed

HOLD = """
import sys
from stride.store.run import Run
attempt = Run(sys.argv[1]).start()
print("started", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def experiment(tmp_path: Path) -> WorkDir:
    made = WorkDir(tmp_path / "exp")
    for _ in range(3):
        completed(made)
    completed(made, name="baseline")
    return made


def content(run: Run) -> dict[str, bytes]:
    return {name: data for name, data in bytes_of(run.path).items() if name != ".attempt.lock"}


@pytest.mark.parametrize("name", ["1", "baseline"])
def test_a_run_goes_and_comes_back_as_it_was(experiment: WorkDir, name: str) -> None:
    run = experiment.run(name)
    before, id = content(run), run.read_record().id
    entry = remove_run(run)
    assert (entry.name, entry.id) == (name, id)
    with pytest.raises(RunNotFoundError):
        experiment.run(name)
    assert [(each.name, each.id, each.moment) for each in read_trash(experiment)] == [
        (name, id, entry.moment)
    ]
    restored = restore_run(entry)
    assert restored == run
    assert content(restored) == before
    assert read_trash(experiment) == []


def test_a_number_is_not_given_again_while_its_run_lies_there(experiment: WorkDir) -> None:
    remove_run(experiment.run(2))
    assert experiment.create({}).number == 3
    (entry,) = read_trash(experiment)
    restore_run(entry)
    assert [run.name for run in experiment.runs()] == ["0", "1", "2", "3", "baseline"]


def test_several_of_one_name_lie_beside_each_other(experiment: WorkDir) -> None:
    entries = [remove_run(experiment.run("baseline"))]
    for _ in range(2):
        entries.append(remove_run(completed(experiment, name="baseline")))
    assert [each.id for each in read_trash(experiment)] == [each.id for each in entries]
    assert len({each.id for each in entries}) == 3
    assert restore_run(read_trash(experiment)[1]).read_record().id == entries[1].id
    assert [each.id for each in read_trash(experiment)] == [entries[0].id, entries[2].id]


def test_a_name_that_looks_like_an_entry_is_told_from_one(experiment: WorkDir) -> None:
    for name in ("baseline.2", "baseline"):
        if name != "baseline":
            completed(experiment, name=name)
        remove_run(experiment.run(name))
    assert [each.name for each in read_trash(experiment)] == ["baseline", "baseline.2"]


def test_a_taken_name_is_refused_and_another_does(experiment: WorkDir) -> None:
    entry = remove_run(experiment.run("baseline"))
    other = completed(experiment, name="baseline")
    with pytest.raises(RunExistsError, match=r"exists; restore .* under a name"):
        restore_run(entry)
    assert read_trash(experiment) == [entry]
    with pytest.raises(RunNameError):
        restore_run(entry, name="../out")
    assert restore_run(entry, name="old").read_record().id == entry.id
    assert experiment.run("baseline").read_record().id == other.read_record().id


@pytest.mark.parametrize("there", ["file", "folder", "empty folder", "link"])
def test_whatever_has_the_name_stays(experiment: WorkDir, there: str, tmp_path: Path) -> None:
    entry = remove_run(experiment.run(0))
    path = experiment.path / "0"
    if there == "file":
        path.write_text("mine")
    elif there == "link":
        path.symlink_to(tmp_path / "nowhere")
    else:
        path.mkdir()
        if there == "folder":
            (path / "mine").write_text("mine")
    before = bytes_of(experiment.path)
    with pytest.raises(RunExistsError):
        restore_run(entry)
    assert bytes_of(experiment.path) == before


def test_a_run_that_trains_stays(experiment: WorkDir) -> None:
    run = experiment.create({})
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(RunBusyError, match=f"is being trained by process {holder.pid}"):
        remove_run(run)
    with pytest.raises(RunBusyError):
        remove_run(run, takeover=True)
    assert experiment.run(run.name) == run
    holder.kill()
    holder.communicate()
    assert "crashed" in run.status().text
    assert remove_run(run).name == run.name


def test_a_training_of_this_process_is_seen_as_well(experiment: WorkDir) -> None:
    run = experiment.create({})
    with run.start(), pytest.raises(RunBusyError):
        remove_run(run)


def test_a_run_of_which_nothing_is_known_needs_takeover(experiment: WorkDir) -> None:
    run = experiment.create({})
    attempt = run.start()
    record = run.record_path.read_text()
    attempt.complete()
    elsewhere = record.replace(attempt.record.attempts[-1].boot_id, "another-boot")
    elsewhere = elsewhere.replace(attempt.record.attempts[-1].machine_id, "another-machine")
    run.record_path.write_text(elsewhere)
    assert run.status().word == "unknown"
    with pytest.raises(RunBusyError, match="add --takeover"):
        remove_run(run)
    assert remove_run(run, takeover=True).name == run.name


@pytest.mark.parametrize("damage", [b"", b'{"id"', b"[]"])
def test_a_damaged_run_goes_and_comes_back_as_it_is(experiment: WorkDir, damage: bytes) -> None:
    run = experiment.run(1)
    run.record_path.write_bytes(damage)
    entry = remove_run(run)
    assert entry.id is None
    assert restore_run(entry).record_path.read_bytes() == damage


def test_a_run_of_a_newer_stride_may_train_for_all_we_know(experiment: WorkDir) -> None:
    run = experiment.run(1)
    run.record_path.write_text('{"format": 99, "id": "abc", "status": "sleeping"}')
    with pytest.raises(RunBusyError, match="newer stride"):
        remove_run(run)
    assert remove_run(run, takeover=True).id == "abc"


def test_what_was_moved_there_by_hand_is_restored_as_well(experiment: WorkDir) -> None:
    experiment.trash_path.mkdir()
    experiment.run(1).path.rename(experiment.trash_path / "1")
    (experiment.trash_path / "notes.txt").write_text("mine")
    (entry,) = read_trash(experiment)
    assert entry.moment.endswith("Z")
    assert restore_run(entry) == experiment.run(1)
    assert (experiment.trash_path / "notes.txt").read_text() == "mine"


def test_a_trash_that_leads_elsewhere_is_not_used(experiment: WorkDir, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    experiment.trash_path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="is not a folder but a link"):
        remove_run(experiment.run(1))
    with pytest.raises(StorageError):
        read_trash(experiment)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_to_a_run_is_no_run_to_remove(experiment: WorkDir) -> None:
    (experiment.path / "again").symlink_to("1")
    with pytest.raises(UsageError, match="is a symbolic link"):
        remove_run(experiment.run("again"))


def test_a_training_does_not_begin_in_a_run_that_was_removed(experiment: WorkDir) -> None:
    run = experiment.create({})
    entry = remove_run(run)
    with pytest.raises(RunNotFoundError, match="not there any more"):
        run.start()
    other = completed(experiment, name="again")
    assert restore_run(entry).start().record.id != other.read_record().id


def test_labels_are_not_written_where_the_run_is_gone(experiment: WorkDir) -> None:
    run = experiment.run(1)
    entry = remove_run(run)
    with pytest.raises(RunNotFoundError):
        run.write_labels(add_tags=("late",))
    assert not run.path.exists()
    assert restore_run(entry).write_labels(add_tags=("back",)).tags == ("back",)


@settings(deadline=None, max_examples=25)
@given(events=st.lists(st.sampled_from(["make", "name", "remove", "restore"]), max_size=14))
def test_no_order_of_events_loses_a_run_or_gives_a_number_twice(
    tmp_path_factory: pytest.TempPathFactory, events: list[str]
) -> None:
    experiment = WorkDir(tmp_path_factory.mktemp("law") / "exp")
    experiment.create({})
    ids: set[str] = {experiment.run(0).read_record().id}
    numbers = [0]
    for event in events:
        runs, removed = [*experiment.runs()], read_trash(experiment)
        if event == "make":
            run = experiment.create({})
            assert run.number not in numbers
            numbers.append(run.number or 0)
            ids.add(run.read_record().id)
        elif event == "name" and "named" not in [run.name for run in runs]:
            ids.add(experiment.create({}, name="named").read_record().id)
        elif event == "remove" and runs:
            remove_run(runs[len(ids) % len(runs)])
        elif event == "restore" and removed:
            entry = removed[len(ids) % len(removed)]
            if entry.name in [run.name for run in runs]:
                with pytest.raises(RunExistsError):
                    restore_run(entry)
            else:
                restore_run(entry)
    here = {run.read_record().id for run in experiment.runs()}
    there = {each.id for each in read_trash(experiment)}
    assert here | there == ids
    assert not here & there
