"""Comparisons: what stands beside what."""

from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stride.config.differences import ABSENT
from stride.report.comparison import SECTIONS, UNRECORDED, compare, only_differing
from stride.report.portrait import read_portrait
from stride.store.work_dir import WorkDir

rows = st.dictionaries(st.text(max_size=3), st.tuples(st.integers(0, 2), st.integers(0, 2)))


@given(rows)
def test_what_differs_and_what_does_not_make_up_the_whole(values: Any) -> None:
    differing = only_differing(values)
    assert all(first != second for first, second in differing.values())
    assert all(first == second for name, (first, second) in values.items() if name not in differing)


def test_every_section_has_one_value_a_run(trained: Any) -> None:
    runs = [trained(), trained(model_kwargs={"depth": 3}), trained(name="third")]
    comparison = compare([read_portrait(run) for run in runs])
    assert tuple(comparison.sections) == SECTIONS
    assert comparison.addresses == tuple(run.address for run in runs)
    assert comparison.sections["config"]["model_kwargs.depth"] == (ABSENT, 3, ABSENT)
    assert comparison.sections["results"]["status"] == ("completed",) * 3
    assert comparison.unknown["packages"] == comparison.addresses


def test_what_is_not_known_of_a_run_differs_from_nothing() -> None:
    values = {
        "commit": ("a", UNRECORDED, "a"),
        "branch": ("main", UNRECORDED, "fix"),
        "package": ("1.0", UNRECORDED, ABSENT),
    }
    assert list(only_differing(values)) == ["branch", "package"]


def test_a_run_that_never_started_is_compared_only_where_something_is_recorded(
    trained: Any, known: Any
) -> None:
    runs = [known(trained()), known(trained())]
    runs.append(WorkDir(runs[0].work_dir).create({"seed": 1}))
    comparison = compare([read_portrait(run) for run in runs])
    for section in ("code", "packages", "machine"):
        assert comparison.unknown[section] == (runs[2].address,)
        assert comparison.sections[section]
        assert only_differing(comparison.sections[section]) == {}
    assert comparison.unknown["data"] == comparison.addresses
    assert comparison.unknown["config"] == comparison.unknown["results"] == ()


def test_a_run_outside_of_git_has_no_commit_that_could_differ(trained: Any, known: Any) -> None:
    portraits = [read_portrait(known(trained())) for _ in range(2)]
    state = portraits[0].provenance.code
    committed = msgspec.structs.replace(state, repository="/home", commit="a" * 40, branch="main")
    portraits[0] = replace(
        portraits[0], provenance=replace(portraits[0].provenance, code=committed)
    )
    code = only_differing(compare(portraits).sections["code"])
    assert code == {"repository": ("/home", None)}


def test_the_time_of_all_attempts_is_added_up(trained: Any) -> None:
    portrait = read_portrait(trained())
    attempt = msgspec.structs.replace(
        portrait.record.attempts[0], started="2026-01-01T10:00:00Z", ended="2026-01-01T10:01:30Z"
    )
    record = msgspec.structs.replace(portrait.record, attempts=(attempt, attempt))
    results = compare([replace(portrait, record=record)]).sections["results"]
    assert results["seconds"] == (180.0,)
