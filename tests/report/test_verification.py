"""Two trainings, compared."""

import pytest

from stride.errors import RunStateError
from stride.report.verification import Verdict, verify_runs
from stride.store.record import BestRecord
from stride.store.work_dir import WorkDir


@pytest.fixture
def train(tmp_path):
    """Make a run as a training would leave it; `loss` gives the loss of a step."""

    def make(loss=lambda step: 1.0 / step, *, steps=40, weights="sha256:w", stop=False, epoch=20):
        run = WorkDir(tmp_path / "exp").create({"seed": 0})
        with run.start() as attempt:
            for step in range(1, steps + 1):
                if step % (epoch // 2 or 1) == 0:
                    run.steps.append({"step": step, "epoch": -(-step // epoch), "loss": loss(step)})
                if step % epoch == 0:
                    number = step // epoch
                    run.metrics.append({"epoch": number, "step": step, "val_loss": loss(step)})
                    state = {"step": step, "epoch": number, "state": f"sha256:{loss(step)!r}"}
                    run.digests.append(state)
                    attempt.sign(step=step, epoch=number)
            attempt.best(BestRecord(monitor="val_loss", mode="min", value=loss(steps)))
            attempt.digest("best.safetensors", weights)
            run.save_results({"test_loss": loss(steps)})
            if stop:
                attempt.stop("asked")
        return run

    return make


def test_the_same_training_is_identical(train):
    found = verify_runs(train(), train())
    assert (found.verdict, found.holds, found.agreed) == (Verdict.IDENTICAL, True, 40)
    assert [(table.table, table.rows) for table in found.tables] == [
        ("steps.csv", 4),
        ("metrics.csv", 2),
        ("digests.csv", 2),
    ]
    assert found.weights == {"best.safetensors": True}


def test_the_first_step_is_told_and_by_how_much_and_what_was_the_same_before(train):
    found = verify_runs(train(lambda step: 1.0 / step + (step >= 25) * 1e-3), train())
    assert (found.verdict, found.holds, found.agreed) == (Verdict.PARTED, False, 20)
    parting = found.parting
    assert parting is not None
    assert (parting.table, parting.column, parting.step) == ("steps.csv", "loss", 30)
    assert (parting.after, parting.epoch) == (20, 2)
    assert parting.absolute == pytest.approx(1e-3)
    assert parting.relative == pytest.approx(1e-3 / (1 / 30 + 1e-3))
    assert found.largest is not None
    assert (found.largest.step, found.largest.column) == (40, "loss")


def test_a_tolerance_lets_numbers_be_off_and_says_so_digests_are_only_told(train):
    runs = train(lambda step: 1.0 / step + (step >= 25) * 1e-9, weights="sha256:v"), train()
    found = verify_runs(*runs, tolerance=1e-6)
    assert (found.verdict, found.holds) == (Verdict.WITHIN, True)
    assert found.weights == {"best.safetensors": False}
    assert not verify_runs(*runs, tolerance=1e-9).holds
    assert not verify_runs(*runs).holds


def test_a_state_that_differs_where_no_number_does_is_a_difference(train):
    one, other = train(), train()
    one.digests.append({"step": 40, "epoch": 2, "state": "sha256:x"})
    found = verify_runs(one, other)
    assert not found.holds
    assert found.parting is not None
    assert (found.parting.table, found.parting.step) == ("digests.csv", 40)


def test_weights_that_differ_at_the_end_are_the_last_place_to_part(train):
    found = verify_runs(train(weights="sha256:v"), train())
    assert found.parting is not None
    assert (found.parting.table, found.parting.column) == ("weights", "best.safetensors")
    assert (found.holds, found.agreed) == (False, 40)


def test_a_stopped_training_is_compared_as_far_as_it_went(train):
    found = verify_runs(train(steps=20, stop=True, weights="sha256:v"), train())
    assert (found.verdict, found.agreed, found.weights) == (Verdict.IDENTICAL, 20, {})
    assert found.notes[0].endswith("exp/0 is not completed: compared as far as both go")
    assert any("2 rows are only in" in note for note in found.notes)


def test_a_training_that_is_completed_earlier_parts_where_it_ends(train):
    found = verify_runs(train(steps=20), train())
    assert found.parting is not None
    assert (found.parting.column, found.parting.first, found.parting.second) == (
        "last step",
        20,
        40,
    )
    assert (found.parting.step, found.holds) == (21, False)
    assert not verify_runs(train(steps=20), train(), tolerance=0.9).holds


def test_where_there_is_nothing_to_compare_nothing_is_verified(train, tmp_path):
    run = train()
    created = WorkDir(tmp_path / "exp").create({"seed": 0})
    with pytest.raises(RunStateError, match="1 has no rows of metrics yet: there is nothing to"):
        verify_runs(run, created)
    with pytest.raises(RunStateError, match="have no row of the same steps"):
        verify_runs(run, train(steps=40, epoch=7))
