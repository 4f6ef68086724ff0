"""run.json is written and read without a loss, and what is damaged is said."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.errors import NewerFormatError, StoredFileError
from stride.store.record import (
    FORMAT,
    AttemptRecord,
    BestRecord,
    CodeRecord,
    ErrorRecord,
    Parent,
    Progress,
    RunRecord,
    Sign,
    Status,
    TrialRecord,
    decode_record,
    encode_record,
    new_record,
    read_record,
    write_record,
)
from stride.store.stored_values import stored_metrics

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
WHOLE = st.integers(0, 2**53)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
METRICS = st.dictionaries(TEXT, st.floats() | WHOLE, max_size=3).map(stored_metrics)
BEST = st.builds(
    BestRecord,
    monitor=TEXT,
    mode=st.sampled_from(["min", "max"]),
    value=FINITE | st.sampled_from(["nan", "inf", "-inf"]),
    epoch=st.none() | WHOLE,
    metrics=METRICS,
)
ATTEMPT = st.builds(
    AttemptRecord,
    pid_start=st.none() | FINITE,
    sign=st.none() | st.builds(Sign, boottime=FINITE, promise=FINITE, step=st.none() | WHOLE),
    overrides=st.lists(TEXT, max_size=2).map(tuple),
    number=WHOLE,
    pid=WHOLE,
    **dict.fromkeys(("started", "host", "machine_id", "boot_id", "pid_namespace"), TEXT),
)
JSON = st.recursive(
    st.none() | st.booleans() | WHOLE | FINITE | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
RECORDS = st.builds(
    RunRecord,
    format=st.just(FORMAT),
    id=TEXT,
    status=st.sampled_from(Status),
    created=TEXT,
    stride=TEXT,
    overrides=st.lists(TEXT, max_size=2).map(tuple),
    chosen=st.lists(TEXT, max_size=2).map(tuple),
    parents=st.tuples(st.builds(Parent, relation=TEXT, work_dir=TEXT, run=TEXT, id=TEXT)),
    sweep=st.none() | st.builds(TrialRecord, sweep=TEXT, study=TEXT, trial=WHOLE),
    code=st.lists(st.builds(CodeRecord, reference=TEXT), max_size=2).map(tuple),
    resolved=st.dictionaries(TEXT, JSON, max_size=3),
    fingerprints=st.dictionaries(TEXT, TEXT, max_size=2),
    progress=st.none() | st.builds(Progress, epoch=st.none() | WHOLE, step=st.none() | WHOLE),
    last=METRICS,
    best=st.lists(BEST, max_size=2).map(tuple),
    digests=st.dictionaries(TEXT, TEXT, max_size=2),
    error=st.none() | st.builds(ErrorRecord, type=TEXT, message=TEXT, where=st.none() | TEXT),
    reason=st.none() | TEXT,
    attempts=st.lists(ATTEMPT, max_size=2).map(tuple),
)


def encoded(**changes: Any) -> bytes:
    tree = json.loads(encode_record(new_record()))
    return json.dumps({**tree, **changes}).encode()


@given(RECORDS)
def test_a_record_written_and_read_again_is_the_same(record: RunRecord) -> None:
    content = encode_record(record)
    assert decode_record(content, Path("run.json")) == record


@given(RECORDS, st.data())
def test_a_record_that_is_cut_off_is_said(record: RunRecord, data: st.DataObject) -> None:
    content = encode_record(record)
    cut = data.draw(st.integers(0, len(content) - 3))
    with pytest.raises(StoredFileError, match=r"run\.json is (empty|not JSON)"):
        decode_record(content[:cut], Path("run.json"))


@given(st.floats() | st.integers())
def test_any_metric_survives_as_a_number_or_its_name(value: float) -> None:
    record = msgspec.structs.replace(new_record(), last=stored_metrics({"m": value}))
    again = float(decode_record(encode_record(record), Path("run.json")).last["m"])
    expected = float(value)
    assert again == expected or (math.isnan(again) and math.isnan(expected))


def test_two_new_runs_have_two_ids() -> None:
    assert new_record().id != new_record().id


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = new_record(overrides=["a=1"], chosen=["a"])
    write_record(tmp_path / "run.json", record)
    assert read_record(tmp_path / "run.json") == record


def test_a_nan_that_slipped_in_is_written_as_text() -> None:
    record = msgspec.structs.replace(new_record(), resolved={"a": [math.nan, (math.inf,)]})
    again = decode_record(encode_record(record), Path("run.json"))
    assert again.resolved == {"a": ["nan", ["inf"]]}


def test_a_key_that_this_version_does_not_know_is_passed_over() -> None:
    assert decode_record(encoded(colour="red"), Path("run.json")).status is Status.CREATED


def test_a_newer_format_is_said_even_if_its_types_are_others() -> None:
    with pytest.raises(NewerFormatError, match=r"run\.json has format 2 .* update stride"):
        decode_record(encoded(format=2), Path("run.json"))
    with pytest.raises(NewerFormatError):
        decode_record(encoded(format=99, status={"word": "created"}), Path("run.json"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   \n",
        b"[]",
        b"3",
        b"null",
        b"{}",
        b'{"format": 1}',
        b'{"format": "1"}',
        b'{"format": true}',
        b'{"format": 0}',
        b'{"format": -3}',
        encoded(status="sleeping"),
        encoded(attempts=[{"number": "one"}]),
        encoded(last={"loss": []}),
        encoded(id=3),
        b"\x80\x04pickle",
        b"[" * 100_000,
    ],
)
def test_a_damaged_record_is_one_sentence_with_its_path(content: bytes) -> None:
    with pytest.raises(StoredFileError, match=r"exp/3/run\.json is ") as caught:
        decode_record(content, Path("exp/3/run.json"))
    assert not isinstance(caught.value, NewerFormatError)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_become_question_marks() -> None:
    record = new_record(overrides=("path=/data/\udcff.npz",), chosen=())
    read = decode_record(encode_record(record), Path("run.json"))
    assert read.overrides == ("path=/data/?.npz",)


def test_an_absent_record_is_a_file_not_found_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_record(tmp_path / "run.json")
