"""An experiment with all that runs leave behind, and another one outside of it, without training.

The one outside has the same files, and in every text of them a mark: whoever follows a link out of
the experiment has it in what he shows.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from stride.files import sha256_of_file, write_json
from stride.store.provenance.take import take
from stride.store.record import BestRecord, Parent, TrialRecord
from stride.store.run import Run
from stride.store.trash import remove_run
from stride.store.work_dir import WorkDir
from tests.store.kept_runs import add_checkpoint

MARK = "what-nobody-may-see"
"""Stands in every text outside, in names and in values."""


def make_run(experiment: WorkDir, index: int, *, mark: str = "", name: str | None = None) -> Run:
    """A run that has every file that a training leaves; `index` decides its settings and its end.

    Args:
        mark: a text for each place of its files that holds text or a name.
    """
    config = {
        "seed": index % 3,
        "model_kwargs": {"model_name": mark or "MLP", "hidden_dims": [4] * (1 + index % 2)},
        "optimizer_kwargs": {"optimizer_name": "AdamW", "lr": 10.0 ** -(1 + index % 4)},
    }
    parents = ()
    if index % 5 == 2 and not mark:
        parent = experiment.run(index - 1)
        address = experiment.address
        identity = parent.read_record().id
        parents = (Parent(relation="same config", work_dir=address, run=parent.name, id=identity),)
    run = experiment.create(
        config,
        name=name,
        chosen=("optimizer_kwargs.lr", "seed"),
        overrides=(f"seed={mark or index % 3}",),
        parents=parents,
        sweep=TrialRecord(sweep="rates", study="0" * 32, trial=index) if index % 4 == 3 else None,
    )
    with contextlib.suppress(ArithmeticError), run.start() as attempt:
        loss = 0.5 + 0.01 * index
        metrics = {"val_loss": loss, "val_accuracy": 1 - loss}
        for epoch in (1, 2, 3):
            row = {"epoch": epoch, "step": 10 * epoch, "lr": 0.1, "train_loss": loss / epoch}
            run.metrics.append({**row, **metrics} | ({mark: 1.0} if mark else {}))
            run.steps.append({"step": 10 * epoch, "epoch": epoch, "loss": loss / epoch})
            run.timings.append({"step": 10 * epoch, "epoch": epoch, "train_seconds": 0.1})
            run.digests.append({"step": 10 * epoch, "epoch": epoch, "state": "sha256:00"})
            attempt.sign(step=10 * epoch, epoch=epoch, max_epochs=3, metrics=metrics)
        run.log_path().write_text("".join(f"line {line} {mark}\n" for line in range(20)))
        run.weights_path.mkdir()
        run.weights_file("best").write_bytes(mark.encode() + bytes([index]) * 100)
        attempt.best(
            BestRecord(
                monitor="val_loss", mode="min", value=loss, epoch=3, step=30,
                weights="best.safetensors", metrics=metrics | ({mark: 1.0} if mark else {}),
            )
        )  # fmt: skip
        attempt.digest("best.safetensors", sha256_of_file(run.weights_file("best")))
        if index % 3 == 0:
            add_checkpoint(run, 20)
            add_checkpoint(run, 30, best=True)
        if index % 5 == 3:
            attempt.stop(mark or "asked to")
        if index % 5 == 4:
            raise ArithmeticError(mark or "the loss was nan")
        run.save_results({"test_loss": loss} | ({f"test_{mark}": 1.0} if mark else {}))
    run.write_labels(add_tags=(mark or "paper",), note=mark or f"number {index}")
    for table in (run.metrics, run.steps, run.timings, run.digests):
        table.close()
    return run


def make_experiment(path: Path, code: Path, runs: int) -> WorkDir:
    """An experiment of so many runs, the last of them named; two more lie in the trash.

    Args:
        code: a folder with the code of the trainings, in a repository.
    """
    experiment = WorkDir(path)
    experiment.initialize({"seed": 1})
    for index in range(runs):
        run = make_run(experiment, index, name="base" if index == runs - 1 else None)
        _add_provenance(run, code, experiment.run(0))
    for index in (0, 1):
        remove_run(make_run(experiment, index))
    return experiment


def make_outside(path: Path) -> Path:
    """What links lead to: a run and an archive of marks, a pipe, and an experiment's cache."""
    path.mkdir()
    (path / "code").mkdir()
    (path / "code" / f"{MARK}.py").write_text(f"{MARK} = 1\n")
    experiment = WorkDir(path / "other")
    run = make_run(experiment, 0, mark=MARK)
    _add_provenance(run, path / "code", run)
    (run.provenance_path / "code.diff").write_text(f"+{MARK}\n")
    write_json(run.removal_path, {"moment": MARK, "id": MARK})
    write_json(run.import_path, {"work_dir": MARK, "run": MARK, "id": MARK, "archive": MARK})
    (path / "text").write_text(MARK * 100)
    (path / "empty").mkdir()
    os.mkfifo(path / "pipe")
    return path


def _add_provenance(run: Run, code: Path, first: Run) -> None:
    """Taken for the first run, copied for the others."""
    if run == first:
        take(run.provenance_path, experiment=run.work_dir, source=code, argv=["train"])
    else:
        shutil.copytree(first.provenance_path, run.provenance_path)
