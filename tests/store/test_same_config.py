"""Whether a config was trained already."""

import time

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stride.config.differences import flatten
from stride.config.identity import UNCHANGING, identity
from stride.store.index.read import read_cached, read_index
from stride.store.record import CodeRecord, Parent, write_record
from stride.store.same_config import Asked, choose, find_candidates, matching_rows, origin_of
from stride.store.work_dir import WorkDir

TREE = {
    "seed": 0,
    "device": "auto",
    "model_kwargs": {"model_name": "MLP", "hidden_dims": [64]},
    "optimizer_kwargs": {"lr": 0.001},
    "dataset_kwargs": {"dataset_name": "arrays", "path": "/data/a.npz"},
    "log_kwargs": {"every": 50},
}
CHOSEN = frozenset({"seed", "optimizer_kwargs.lr", "dataset_kwargs.path"})
PRINTS = {"train": "sha256:d"}


@pytest.fixture
def exp(tmp_path):
    return WorkDir(tmp_path / "exp")


def changed(**settings):
    tree = {key: dict(value) if isinstance(value, dict) else value for key, value in TREE.items()}
    for key, value in settings.items():
        group, _, name = key.partition("__")
        if name:
            tree[group][name] = value
        else:
            tree[group] = value
    return tree


def train(exp, tree=TREE, *, code=(), prints=PRINTS, parents=(), end="completed", **settings):
    run = exp.create(tree, chosen=tuple(CHOSEN), code=code, parents=parents)
    attempt = run.start(**settings)
    attempt.fingerprint(prints)
    if end == "completed":
        attempt.complete()
    else:
        attempt.stop("asked")
    return run


def asked(tree=TREE, chosen=CHOSEN, **more):
    return Asked(flatten(tree), chosen, **more)


def look(exp, what=None, *, code=(), prints=PRINTS):
    what = what or asked()
    found = []
    for thorough in (False, True):  # without a cache, which `thorough` may write
        candidates = find_candidates(exp, what, thorough=thorough)
        same = choose(candidates, what, code, prints)
        known = None if same is None else (same.row.run.name, same.same_code, same.same_data)
        found.append(known)
    assert found[0] == found[1]
    return found[0]


def test_a_run_of_the_same_config_is_found_whatever_cannot_change_the_result(exp):
    train(exp)
    assert look(exp) == ("0", True, True)
    assert look(exp, asked(changed(device="cpu", log_kwargs__every=7))) == ("0", True, True)
    assert look(exp, asked(changed(seed=1))) is None
    assert look(exp, asked(changed(optimizer_kwargs__lr=0.002))) is None
    assert look(exp, asked(changed(model_kwargs__model_name="ResNet"))) is None


def test_other_code_and_other_data_are_told_apart(exp):
    code = (CodeRecord(reference="/home/a/net.py:Net", digest="sha256:1"),)
    moved = (CodeRecord(reference="/home/b/net.py:Net", digest="sha256:1"),)
    other = (CodeRecord(reference="/home/a/net.py:Net", digest="sha256:2"),)
    tree = changed(model_kwargs__model_name="/home/a/net.py:Net")
    train(exp, tree, code=code)
    assert look(exp, asked(tree), code=code) == ("0", True, True)
    elsewhere = changed(model_kwargs__model_name="/home/b/net.py:Net")
    assert look(exp, asked(elsewhere), code=moved) == ("0", True, True)
    assert look(exp, asked(tree), code=other) == ("0", False, True)
    assert look(exp, asked(tree), code=code, prints={"train": "sha256:e"}) == ("0", True, False)
    assert look(exp, asked(tree), code=code, prints=None) == ("0", True, None)
    named_otherwise = changed(model_kwargs__model_name="/home/a/net.py:Other")
    assert look(exp, asked(named_otherwise), code=code) is None


def test_data_that_was_moved_is_the_same_only_by_its_content(exp):
    train(exp)
    moved = asked(changed(dataset_kwargs__path="/elsewhere/a.npz"))
    assert look(exp, moved) == ("0", True, True)
    assert look(exp, moved, prints={"train": "sha256:e"}) is None
    assert look(exp, moved, prints=None) is None
    train(exp, prints={})
    assert look(exp, moved, prints={}) is None
    assert look(exp, prints={}) == ("1", True, True)


def test_what_attempts_changed_counts(exp):
    train(exp, end="stopped", settings={"optimizer_kwargs.lr": 0.5})
    assert look(exp) is None
    assert look(exp, asked(changed(optimizer_kwargs__lr=0.5))) == ("0", True, True)


def test_keys_that_another_version_has_not_are_the_same_at_their_defaults(exp):
    train(exp)
    newer = changed(optimizer_kwargs__fresh=1)
    assert look(exp, asked(newer)) == ("0", True, True)
    assert look(exp, asked(newer, CHOSEN | {"optimizer_kwargs.fresh"})) is None
    train(exp, changed(seed=9, optimizer_kwargs__old=1))
    assert look(exp, asked(changed(seed=9))) == ("1", True, True)


def test_what_it_began_with_has_to_be_the_same(exp):
    parent = Parent(relation="weights", work_dir=str(exp.path), run="7", id="w")
    child = train(exp, parents=(parent,))
    assert origin_of(child.read_record()) == {("weights", "w")}
    assert look(exp) is None
    assert look(exp, asked(origin=frozenset({("weights", "w")}))) == ("0", True, True)
    by_config = Parent(relation="same config", work_dir=str(exp.path), run="7", id="w")
    train(exp, parents=(by_config,))
    assert look(exp) == ("1", True, True)


def test_the_one_that_came_furthest_is_named_then_the_newest_and_never_itself(exp):
    for end in ("completed", "completed", "stopped"):
        train(exp, end=end)
    train(exp, prints={"train": "sha256:e"})
    own = exp.create(TREE, chosen=tuple(CHOSEN))
    assert look(exp) == ("1", True, True)
    assert look(exp, asked(but=exp.run(1).read_record().id)) == ("0", True, True)
    only = WorkDir(exp.path.with_name("other"))
    own = only.create(TREE, chosen=tuple(CHOSEN))
    assert look(only) == ("0", True, None)
    assert look(only, asked(but=own.read_record().id)) is None


def test_a_cache_that_is_stale_names_no_run_that_is_not_so_and_finds_new_ones(exp):
    run = train(exp)
    read_index(exp, moment=time.time_ns() + 10**10)
    assert read_cached(exp) is not None
    record = run.read_record()
    write_record(run.record_path, msgspec.structs.replace(record, fingerprints={"train": "x"}))
    found = choose(find_candidates(exp, asked(), thorough=False), asked(), (), PRINTS)
    assert found is not None and found.same_data is False
    train(exp)
    found = choose(find_candidates(exp, asked(), thorough=False), asked(), (), PRINTS)
    assert found is not None and found.row.run.name == "1"
    run.config_path.write_text("{")
    assert look(exp) == ("1", True, True)


def test_where_there_is_no_experiment_there_is_nothing(tmp_path):
    assert find_candidates(WorkDir(tmp_path / "none"), asked(), thorough=True) == []


keys = st.sampled_from(["seed", "device", "optimizer_kwargs.lr", "optimizer_kwargs.beta", "a.b"])
values = st.one_of(st.none(), st.booleans(), st.integers(0, 2), st.sampled_from([1.0, "x", [1]]))
configs = st.dictionaries(keys, values, min_size=1)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(trees=st.lists(configs, min_size=1, max_size=5), wanted=configs)
def test_the_columns_leave_no_run_out_that_has_the_same_identity(trees, wanted, tmp_path_factory):
    exp = WorkDir(tmp_path_factory.mktemp("law") / "exp")

    def nested(flat):
        tree = {}
        for key, value in flat.items():
            group, _, name = key.rpartition(".")
            (tree.setdefault(group, {}) if group else tree)[name] = value
        return tree

    for tree in trees:
        exp.create(nested(tree))
    want = Asked(wanted, frozenset(wanted))
    rows = matching_rows(read_index(exp), want)
    ours = {key: value for key, value in wanted.items() if key not in UNCHANGING}
    for row, tree in enumerate(trees):
        theirs = {key: value for key, value in tree.items() if key not in UNCHANGING}
        if identity(nested(theirs), {}, None) == identity(nested(ours), {}, None):
            assert row in rows
