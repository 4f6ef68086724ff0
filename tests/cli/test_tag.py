"""`stride tag` and `stride note`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stride.store.work_dir import WorkDir


def test_tags_are_added_and_taken_away_without_a_quote(stride: Any, trained: Any) -> None:
    for _ in range(3):
        trained()
    assert stride("tag", "exp/0", "paper", "final").out == "exp/0  paper final\n"
    assert stride("tag", "exp/1-2", "exp/0", "paper").out == (
        "exp/1  paper\nexp/2  paper\nexp/0  paper final\n"
    )
    assert stride("tag", "exp/0", "--remove", "paper").out == "exp/0  final\n"
    assert stride("tag", "exp/0").out == "exp/0  final\n"
    assert stride("tag", "exp/0", "--remove", "final").out == "exp/0  no tags\n"
    assert stride("tag", "exp/2", "--json").json == [
        {"run": "2", "address": "exp/2", "tags": ["paper"], "note": ""}
    ]


def test_in_an_experiment_numbers_are_runs_and_words_are_tags(
    stride: Any, trained: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained()
    trained()
    trained(name="baseline")
    monkeypatch.chdir("exp")
    assert stride("tag", "0-1", "good").out == "./0  good\n./1  good\n"
    assert stride("tag", "baseline", "paper").out == "./baseline  paper\n"
    assert stride("tag", "latest", "newest").out == "./1  good newest\n"


@pytest.mark.parametrize("word", ["+paper", "-paper", "two words", "a,b", "x" * 101, "\x1b[31m"])
def test_what_is_no_tag_is_said_and_nothing_is_tagged(stride: Any, trained: Any, word: str) -> None:
    trained()
    answer = stride("tag", "exp/0", "--", "good", word)
    assert answer.code == 2
    assert "is no tag" in answer.err
    assert answer.err.count("\n") == 1
    assert stride("tag", "exp/0").out == "exp/0  no tags\n"


def test_a_run_is_tagged_and_noted_while_it_trains(stride: Any, tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({})
    with run.start():
        assert stride("tag", "exp/0", "live").code == 0
        assert stride("note", "exp/0", "still", "going").out == "still going\n"
    assert run.read_labels().tags == ("live",)


def test_a_note_is_written_printed_added_to_and_taken_away(stride: Any, trained: Any) -> None:
    trained()
    assert stride("note", "exp/0").err == "exp/0 has no note\n"
    assert stride("note", "exp/0", "the", "one").out == "the one\n"
    assert stride("note", "exp/0", "--append", "and more").out == "the one\nand more\n"
    assert stride("note", "exp/0", "instead").out == "instead\n"
    assert stride("note", "exp/0", "--json").json["note"] == "instead"
    assert stride("note", "exp/0", "--remove").err == "exp/0 has no note\n"
    assert stride("note", "exp/0", "--append", "first").out == "first\n"


@pytest.mark.parametrize("words", [["--append"], [""], ["  "], ["--remove", "x"]])
def test_a_note_without_sense_is_refused(stride: Any, trained: Any, words: list[str]) -> None:
    trained()
    stride("note", "exp/0", "kept")
    assert stride("note", "exp/0", *words).code == 2
    assert stride("note", "exp/0").out == "kept\n"


def test_a_run_whose_record_is_torn_can_be_noted_on(stride: Any, trained: Any) -> None:
    trained().record_path.write_text("{")
    assert stride("note", "exp/0", "torn", "by", "the", "power", "cut").code == 0


def test_torn_labels_stay_and_are_said(stride: Any, trained: Any) -> None:
    trained().labels_path.write_text("{")
    assert stride("tag", "exp/0", "x").code == 3
    assert Path("exp/0/labels.json").read_text() == "{"
