"""What runs were made from, and what was made from them."""

import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stride.cli.lineage_page import draw_lineage
from stride.cli.terminal import Terminal
from stride.errors import RunNotFoundError
from stride.report.lineage import lineage_of_experiment, lineage_of_run
from stride.store.parents import Whereabouts
from stride.store.record import Parent, write_record
from stride.store.trash import remove_run
from stride.store.work_dir import WorkDir


def make(work_dir, *parents, lr=0.1, **config):
    """Make a run from others, each with a relation: `("changed config", run)`."""
    recorded = tuple(
        Parent(
            relation=relation,
            work_dir=str(run.work_dir),
            run=run.name,
            id=run.read_record().id,
        )
        for relation, run in parents
    )
    tree = {"seed": 0, "optimizer_kwargs": {"lr": lr}, **config}
    chosen = ("optimizer_kwargs.lr", "seed")
    return work_dir.create(tree, parents=recorded, chosen=chosen)


@pytest.fixture
def exp(tmp_path):
    return WorkDir(tmp_path / "exp")


def lines(lineage):
    return [line.replace("/", " ").split() for line in draw_lineage(lineage, Terminal())]


def names(lineage):
    return {each.address.rpartition("/")[2] for each in lineage.relatives.values()}


def test_all_before_and_after_a_run_is_found_with_what_was_changed(exp):
    first = make(exp)
    second = make(exp, ("changed config", first), lr=0.2)
    third = make(exp, ("changed config", second), lr=0.2, seed=1)
    make(exp, ("changed config", first), lr=0.3)
    make(exp)
    found = lineage_of_run(exp.run(1))
    assert names(found) == {"0", "1", "2"}
    (link,) = found.relatives[str(second.path)].parents
    assert (link.relation, dict(link.changes)) == (
        "changed config",
        {"optimizer_kwargs.lr": (0.1, 0.2)},
    )
    (link,) = found.relatives[str(third.path)].parents
    assert dict(link.changes) == {"seed": (0, 1)}
    assert found.children[str(first.path)] == (str(second.path),)
    assert names(lineage_of_experiment(exp)) == {"0", "1", "2", "3"}
    assert lineage_of_experiment(exp).unrelated == 1


def test_weights_are_no_config_and_a_run_may_have_two_parents(exp):
    base, weights = make(exp), make(exp, lr=0.7)
    child = make(exp, ("same config", base), ("weights", weights))
    found = lineage_of_run(exp.run(2)).relatives[str(child.path)]
    assert [(link.relation, dict(link.changes)) for link in found.parents] == [
        ("same config", {}),
        ("weights", {}),
    ]


def test_a_parent_that_was_moved_is_found_by_its_id_and_its_old_number_means_nothing(exp):
    first = make(exp)
    child = make(exp, ("rerun", first))
    first.path.rename(exp.path / "kept")
    make(exp).path.rename(exp.path / "0")
    (link,) = lineage_of_run(child).relatives[str(child.path)].parents
    assert link.key == str(exp.path / "kept")


def test_parents_in_the_trash_removed_and_in_experiments_that_are_gone_are_named_as_such(
    exp, tmp_path
):
    trashed, removed = make(exp), make(exp)
    other = make(WorkDir(tmp_path / "other"))
    gone = make(WorkDir(tmp_path / "gone"))
    parents = [("rerun", run) for run in (trashed, removed, other, gone)]
    child = make(exp, *parents)
    remove_run(trashed)
    removed.path.rename(tmp_path / "away")
    gone.work_dir.rename(tmp_path / "vanished")
    found = lineage_of_run(child)
    parents_found = [found.relatives[link.key] for link in found.relatives[str(child.path)].parents]
    assert [each.whereabouts for each in parents_found] == [
        Whereabouts.TRASHED,
        Whereabouts.REMOVED,
        Whereabouts.HERE,
        Whereabouts.GONE,
    ]
    assert [each.address for each in parents_found] == [
        f"{tmp_path}/exp/0",
        f"{tmp_path}/exp/1",
        f"{tmp_path}/other/0",
        f"{tmp_path}/gone/0",
    ]
    shown = "\n".join(draw_lineage(found, Terminal()))
    assert "in the trash" in shown and "its experiment is gone" in shown


def test_an_experiment_that_was_moved_as_a_whole_is_its_own_lineage(exp, tmp_path):
    child = make(exp, ("rerun", make(exp)))
    exp.path.rename(tmp_path / "moved")
    moved = WorkDir(tmp_path / "moved")
    found = lineage_of_run(moved.run(1))
    assert names(found) == {"0", "1"}
    assert child.name == "1"
    assert found.relatives[str(moved.path / "1")].parents[0].key == str(moved.path / "0")


def test_children_in_other_experiments_are_found_where_these_are_named(exp, tmp_path):
    first = make(exp)
    other = WorkDir(tmp_path / "other")
    make(other, ("weights", first))
    assert names(lineage_of_run(first)) == {"0"}
    found = lineage_of_run(first, [other])
    assert found.children[str(first.path)] == (str(other.path / "0"),)


def test_what_cannot_be_read_is_shown_with_what_is_known(exp):
    first = make(exp)
    child = make(exp, ("rerun", first))
    child.config_path.write_text("{")
    found = lineage_of_run(first)
    assert found.relatives[str(child.path)].status == "unreadable"
    child.record_path.write_text("{")
    assert names(lineage_of_run(first)) == {"0"}
    with pytest.raises(RunNotFoundError):
        lineage_of_experiment(WorkDir(exp.path / "nowhere"))


def test_a_parent_whose_name_leads_elsewhere_is_not_followed(exp, tmp_path):
    outside = make(WorkDir(tmp_path / "outside"))
    child = make(exp, ("rerun", outside))
    record = child.read_record()
    bad = msgspec.structs.replace(record.parents[0], work_dir=str(exp.path), run="../outside/0")
    write_record(child.record_path, msgspec.structs.replace(record, parents=(bad,)))
    (link,) = lineage_of_run(child).relatives[str(child.path)].parents
    assert link.key == f"id:{bad.id}"


def test_a_parent_whose_experiment_has_no_possible_path_is_gone(exp, tmp_path):
    child = make(exp, ("rerun", make(WorkDir(tmp_path / "outside"))))
    record = child.read_record()
    bad = msgspec.structs.replace(record.parents[0], work_dir="/" + 5000 * "a")
    write_record(child.record_path, msgspec.structs.replace(record, parents=(bad,)))
    found = lineage_of_experiment(exp)
    (link,) = found.relatives[str(child.path)].parents
    assert found.relatives[link.key].whereabouts is Whereabouts.GONE


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(parents=st.lists(st.lists(st.integers(0, 7), max_size=3), min_size=1, max_size=8))
def test_no_circle_can_hold_it_and_everyone_is_drawn(parents, tmp_path_factory):
    exp = WorkDir(tmp_path_factory.mktemp("law") / "exp")
    runs = [make(exp) for _ in parents]
    ids = [run.read_record().id for run in runs]
    for run, numbers in zip(runs, parents, strict=True):
        recorded = tuple(
            Parent(
                relation="rerun",
                work_dir=str(exp.path),
                run=str(number),
                id=ids[number] if number < len(ids) else f"unknown{number}",
            )
            for number in numbers
        )
        record = msgspec.structs.replace(run.read_record(), parents=recorded)
        write_record(run.record_path, record)
    whole = lineage_of_experiment(exp)
    shown = "\n".join(draw_lineage(whole, Terminal()))
    for number, own in enumerate(parents):
        related = own or any(number in others for others in parents)
        assert (f"{exp.address}/{number}" in shown) == bool(related)
    for run in runs:
        found = lineage_of_run(run)
        text = [*draw_lineage(found, Terminal())]
        for each in found.relatives.values():
            assert any(each.address in line for line in text)
        json.dumps([[link.key for link in each.parents] for each in found.relatives.values()])
