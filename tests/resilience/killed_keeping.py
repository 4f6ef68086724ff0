"""A program for the tests: removes, purges, prunes, packs and unpacks runs, and is killed.

`python killed_keeping.py KIND FOLDER` does the work again and again in forked children: the first
is killed by SIGKILL before its first change on the disk, the next before its second, and so on,
until one lives to the end. After each kill it checks that no run was lost, none is there twice or
in part, and that the same work can then be done.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from stride.errors import StrideError
from stride.store.archive.export import export_runs
from stride.store.archive.importing import import_runs
from stride.store.doctor.examination import examine, treat
from stride.store.freed import measure_freed
from stride.store.pruning import Keep, prune
from stride.store.purging import delete, leftovers, purge_entry
from stride.store.run import Run
from stride.store.trash import read_trash, remove_run, restore_run
from stride.store.work_dir import WorkDir
from tests.store.kept_runs import add_checkpoint, bytes_of, completed

CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate")


def made(folder: Path) -> WorkDir:
    """An experiment of three runs with checkpoints."""
    experiment = WorkDir(folder / "exp")
    for _ in range(3):
        run = completed(experiment)
        for step in (10, 20):
            add_checkpoint(run, step, best=step == 10, weights=b"w" if step == 10 else None)
    return experiment


def content(run: Run) -> dict[str, bytes]:
    """What is in a run, wherever it lies."""
    here = (".attempt.lock", ".removed.json", "imported.json", ".tmp-.removed.json")
    return {name: data for name, data in bytes_of(run.path).items() if not name.startswith(here)}


def whole(experiment: WorkDir, known: dict[str, dict[str, bytes]]) -> None:
    """Every run is in the experiment or in the trash, once, and as it was."""
    found = [(run.read_record().id, content(run)) for run in experiment.runs()]
    found += [(entry.id or "", content(entry.run)) for entry in read_trash(experiment)]
    assert sorted(id for id, _ in found) == sorted(known), found
    for id, there in found:
        assert there == known[id], sorted(there.items() ^ known[id].items())


def contents(experiment: WorkDir) -> dict[str, dict[str, bytes]]:
    return {run.read_record().id: content(run) for run in experiment.runs()}


def remove(folder: Path) -> tuple[Callable[[], object], Callable[[], None]]:
    experiment = made(folder)
    known = contents(experiment)

    def check() -> None:
        whole(experiment, known)
        if (experiment.path / "1").exists():
            remove_run(experiment.run(1))
        (entry,) = read_trash(experiment)
        assert restore_run(entry).name == "1"
        assert not [*experiment.run(1).path.glob(".*removed*")]
        whole(experiment, known)

    return lambda: remove_run(experiment.run(1)), check


def restore(folder: Path) -> tuple[Callable[[], object], Callable[[], None]]:
    experiment = made(folder)
    known = contents(experiment)
    entry = remove_run(experiment.run(1))

    def check() -> None:
        whole(experiment, known)
        for left in read_trash(experiment):
            restore_run(left)
        assert [run.name for run in experiment.runs()] == ["0", "1", "2"]
        whole(experiment, known)
        for _ in treat(examine(experiment), fix=True):
            pass
        assert [*examine(experiment)] == []

    return lambda: restore_run(entry), check


def purge(folder: Path) -> tuple[Callable[[], object], Callable[[], None]]:
    experiment = made(folder)
    entries = [remove_run(experiment.run(number)) for number in (0, 1)]
    (folder / "precious").mkdir()
    (folder / "precious" / "file").write_text("mine")
    (entries[0].folder / "link").symlink_to(folder / "precious")
    other = content(entries[1].run)
    kept = content(experiment.run(2))

    def check() -> None:
        left = {entry.name: entry for entry in read_trash(experiment)}
        assert content(left["1"].run) == other
        assert content(experiment.run(2)) == kept
        if "0" in left:  # it had not begun
            assert len(left) == 2
            assert (left["0"].folder / "run.json").exists()
            purge_entry(left["0"])
        for path in leftovers(experiment):
            delete(path)
        assert [path.name for path in experiment.trash_path.iterdir()] == ["1"]
        assert (folder / "precious" / "file").read_text() == "mine"
        assert [run.name for run in experiment.runs()] == ["2"]

    return lambda: purge_entry(entries[0]), check


def pruned(folder: Path) -> tuple[Callable[[], object], Callable[[], None]]:
    experiment = made(folder)
    run = experiment.run(1)
    last = Keep(best=False, newest=1)
    weights = run.weights_file("best").read_bytes()

    def check() -> None:
        newest, *others = run.checkpoint_paths.committed()
        assert newest.order == (20, 1)
        for each in (newest, *others):
            assert {path.name for path in each.path.iterdir()} == {
                "manifest.json",
                "state.json",
                "tensors.safetensors",
                "weights",
            }
        prune(run, last)
        assert [each.name for each in run.checkpoint_paths.committed()] == ["step-00000020"]
        assert run.weights_file("best").read_bytes() == weights
        done = [*treat(examine(experiment, deep=True), fix=True)]
        assert not any(each.remains for each in done)
        assert measure_freed(run.checkpoint_paths.leftovers()).files == 0

    return lambda: prune(run, last), check


def unpack(folder: Path) -> tuple[Callable[[], object], Callable[[], None]]:
    source = made(folder / "from")
    archive = folder / "runs.tar"
    export_runs([*source.runs()], archive, checkpoints=True)
    known = contents(source)
    target = WorkDir(folder / "to" / "exp")

    def check() -> None:
        taken = [*target.runs()] if target.exists() else []
        for run in taken:
            assert content(run) == known[run.read_record().id]
        done = import_runs(archive, target, skip_existing=True)
        assert len(done.runs) + len(done.skipped) == 3
        assert len(done.skipped) == len(taken)
        assert [run.name for run in target.runs()] == ["0", "1", "2"]
        whole(target, known)
        target.create({})  # clears away what was left
        assert [path for path in target.staging_path.iterdir() if path.is_dir()] == []

    return lambda: import_runs(archive, target), check


def pack(folder: Path) -> tuple[Callable[[], object], Callable[[], None]]:
    source = made(folder / "from")
    known = contents(source)
    archive = folder / "runs.zip"

    def check() -> None:
        whole(source, known)
        if archive.exists():
            archive.unlink()
        export_runs([*source.runs()], archive, checkpoints=True)
        import_runs(archive, WorkDir(folder / "to"))
        whole(WorkDir(folder / "to"), known)

    return lambda: export_runs([*source.runs()], archive, checkpoints=True), check


def mend(folder: Path) -> tuple[Callable[[], object], Callable[[], None]]:
    experiment = made(folder)
    experiment.run(0).labels_path.write_bytes(b"{")
    record = experiment.run(1).record_path
    whole_record = record.read_bytes()
    record.rename(record.with_name(".tmp-run.json-999999999-ab"))
    record.write_bytes(b"{")
    half = experiment.run(2).checkpoints_path / ".staging-00000030-1-ab"
    half.mkdir()
    (half / "tensors").write_bytes(b"half")
    pieces = {data for data in bytes_of(experiment.path).values() if data != b"/"}

    def work() -> None:
        for _ in treat(examine(experiment), fix=True):
            pass

    def check() -> None:
        assert pieces <= {*bytes_of(experiment.path).values()}
        work()
        assert pieces <= {*bytes_of(experiment.path).values()}
        assert [*examine(experiment)] == [], [*examine(experiment)]
        assert record.read_bytes() == whole_record

    return work, check


KINDS = {
    "remove": remove,
    "restore": restore,
    "purge": purge,
    "prune": pruned,
    "unpack": unpack,
    "pack": pack,
    "mend": mend,
}


def main(kind: str, folder: Path) -> int:
    """Kill before each change in turn; gives the number of kills."""
    for count in range(1, 1000):
        place = folder / str(count)
        place.mkdir()
        work, check = KINDS[kind](place)
        if (child := os.fork()) == 0:
            _work_until(work, count)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in (0, -signal.SIGKILL), code
        try:
            check()
        except (AssertionError, StrideError):
            sys.stderr.write(f"killed before change {count}\n")
            raise
        shutil.rmtree(place)
        if code == 0:
            return count - 1
    raise AssertionError("it never ends")


def _work_until(work: Callable[[], object], count: int) -> None:
    left = count

    def die(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT
        if event in CHANGES or writes:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(die)
    try:
        work()
        os._exit(0)
    except BaseException:  # noqa: BLE001  a child must not go on as the parent
        traceback.print_exc()
        os._exit(70)


if __name__ == "__main__":
    print(main(sys.argv[1], Path(sys.argv[2])))  # noqa: T201
