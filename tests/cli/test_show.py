"""`stride show`."""

import re
from pathlib import Path
from typing import Any

import pytest

from stride.cli.portrait_page import draw_portrait
from stride.cli.show import FIELDS
from stride.cli.terminal import Terminal
from stride.cli.text import width_of
from stride.files import read_json, write_json
from stride.report.portrait import read_portrait
from stride.store.provenance.folder import ProvenanceFolder
from stride.store.work_dir import WorkDir


def config_lines(page: str) -> list[str]:
    """The lines of the section on the config, without the space before them."""
    section = page.partition("\nConfig")[2].partition("\n\n")[0]
    return [line.strip() for line in section.splitlines()[1:]]


def test_one_page_tells_status_results_config_attempts_and_files(stride: Any, trained: Any) -> None:
    trained(0.93127)
    page = stride("show", "exp/0").out
    assert page.startswith("exp/0  completed\n")
    for text in ("best val_accuracy  0.9313 (max, epoch 2, step 20)", "test_accuracy  0.9313"):
        assert text in page
    assert "results/metrics.json" in page
    assert "Attempts" in page


def test_keys_that_people_chose_are_marked(stride: Any, trained: Any) -> None:
    trained()
    lines = stride("show", "exp/0").out.splitlines()
    marked = [line.split()[1] for line in lines if line.startswith("  * ")]
    assert marked == ["optimizer_kwargs.lr"]


def test_what_people_chose_comes_first_and_defaults_are_counted(stride: Any, trained: Any) -> None:
    trained()
    assert config_lines(stride("show", "exp/0").out) == [
        "* optimizer_kwargs.lr              0.001",
        "model_kwargs.model_name          MLP",
        "optimizer_kwargs.optimizer_name  AdamW",
        "2 defaults                       stride show exp/0 --all",
    ]


def test_all_shows_every_key_in_the_order_of_the_config(stride: Any, trained: Any) -> None:
    trained()
    assert [line.split()[-2] for line in config_lines(stride("show", "exp/0", "--all").out)] == [
        "seed",
        "model_kwargs.model_name",
        "model_kwargs.hidden_dims",
        "optimizer_kwargs.optimizer_name",
        "optimizer_kwargs.lr",
    ]


def test_what_a_later_attempt_changed_is_shown_with_what_was_before(
    stride: Any, trained: Any
) -> None:
    trained(overrides=("optimizer_kwargs.lr=0.5", "seed=7"))
    lines = config_lines(stride("show", "exp/0").out)
    assert lines[0].split(maxsplit=2)[1:] == ["seed", "7 (by attempt 1; before it 0)"]
    assert lines[1].endswith("0.5 (by attempt 1; before it 0.001)")
    answer = stride("show", "exp/0", "--json").json
    assert answer["config"]["optimizer_kwargs"]["lr"] == 0.5
    assert answer["changed"]["seed"] == {"attempt": 1, "before": 0}


def test_notes_on_code_and_machine_are_shown(stride: Any, trained: Any, known: Any) -> None:
    path = ProvenanceFolder(known(trained()).attempt_provenance_path(1)).machine_path
    write_json(path, read_json(path) | {"notes": ["nvidia-smi did not answer"]})
    page = stride("show", "exp/0").out
    assert "  -  nvidia-smi did not answer" in page


def test_the_files_of_a_full_folder_are_counted_unless_all_is_asked_for(
    stride: Any, trained: Any
) -> None:
    folder = trained().results_path
    for number in range(20):
        (folder / f"figure-{number}.svg").write_bytes(bytes(100))
    assert "figure-3.svg" not in stride("show", "exp/0").out
    assert re.search(r"results/ +21 files, 2\.0 kB", stride("show", "exp/0").out)
    assert "figure-3.svg" in stride("show", "exp/0", "--all").out


def test_attempts_fit_into_a_narrow_terminal_with_what_they_were_given(trained: Any) -> None:
    portrait = read_portrait(trained(overrides=("optimizer_kwargs.lr=0.5", "seed=7")))
    page = [*draw_portrait(portrait, Terminal(width=80), every=False)]
    attempts = page[page.index("Attempts") :]
    assert all(width_of(line) <= 80 for line in attempts)
    assert attempts[3] == "  with attempt 1: optimizer_kwargs.lr=0.5  seed=7"


def test_what_an_attempt_went_on_from_and_what_was_noted_is_shown(
    stride: Any, tmp_path: Path
) -> None:
    run = WorkDir(tmp_path / "exp").create({"fit_kwargs": {"max_epochs": 20}})
    with run.start(settings={"fit_kwargs.max_epochs": 40}) as attempt:
        attempt.found(checkpoint="step-00000120", notes=["the code of net.py:Net has changed"])
    page = stride("show", "exp/0").out.splitlines()
    assert "  attempt 1 went on from step-00000120" in page
    assert "  attempt 1: the code of net.py:Net has changed" in page
    assert config_lines("\n".join(page))[0].endswith("40 (by attempt 1; before it 20)")
    (attempt_told,) = stride("show", "exp/0", "--json").json["attempts"]
    assert attempt_told["settings"] == {"fit_kwargs.max_epochs": 40}
    assert attempt_told["checkpoint"] == "step-00000120"
    listed = stride("list", "exp", "--json").json[0]
    assert listed["config"]["fit_kwargs"]["max_epochs"] == 40


def test_labels_and_locks_are_told_apart(stride: Any, trained: Any) -> None:
    trained().write_labels(add_tags=("paper",), note="the one\nfor the figure")
    page = stride("show", "exp/0").out
    assert "paper" in page
    assert "the one\\nfor the figure" in page
    assert ".lock" not in page


def test_a_failed_run_tells_its_error_and_where(stride: Any, tmp_path: Path) -> None:
    run = WorkDir(tmp_path / "exp").create({"seed": 1})
    with pytest.raises(RuntimeError), run.start():
        raise RuntimeError("the loss exploded")
    page = stride("show", "exp/0").out
    assert page.startswith("exp/0  failed\n")
    assert "RuntimeError: the loss exploded" in page
    assert "test_show.py" in page
    assert stride("show", "exp/0", "--json").json["error"]["type"] == "RuntimeError"


def test_the_fields_are_those_that_are_documented(stride: Any, trained: Any) -> None:
    trained()
    answer = stride("show", "exp/0", "--json").json
    assert set(answer) == set(FIELDS)
    assert answer["results"] == {"metrics": {"test_accuracy": 0.9}}
    assert answer["config"]["optimizer_kwargs"]["lr"] == 0.001
    assert "format" not in answer["config"]


def test_a_name_and_latest_lead_to_the_run(stride: Any, trained: Any) -> None:
    trained()
    trained(name="baseline")
    assert stride("show", "exp/baseline").out.startswith("exp/baseline  completed")
    assert stride("show", "exp/latest").out.startswith("exp/0  completed")


def test_an_address_that_names_no_run_says_how_to_name_one(stride: Any, trained: Any) -> None:
    trained()
    for address in ("exp", "exp/"):
        answer = stride("show", address)
        assert answer.code == 2
        assert answer.err.endswith("is an experiment: name one of its runs, as in exp/latest\n")
    assert "name one as well, as in exp/3" in stride("show", "3").err


@pytest.mark.parametrize("file", ["config.json", "run.json"])
@pytest.mark.parametrize("content", ["", "{", "[1]", '{"format": 99}'])
def test_a_run_that_cannot_be_read_is_one_sentence_and_exit_3(
    stride: Any, trained: Any, file: str, content: str
) -> None:
    (trained().path / file).write_text(content)
    answer = stride("show", "exp/0")
    assert (answer.code, answer.out, answer.err.count("\n")) == (3, "", 1)
    assert file in answer.err


def test_a_results_file_that_is_torn_does_not_hide_the_rest(stride: Any, trained: Any) -> None:
    trained().results_metrics_path.write_text('{"test_')
    answer = stride("show", "exp/0")
    assert answer.code == 0
    assert "metrics.json is not JSON" in answer.out
