"""`stride checkout-code`."""

from pathlib import Path
from typing import Any

from stride.cli.checkout_code import FIELDS
from stride.store.provenance.take import take
from stride.store.work_dir import WorkDir


def trained(repository: Any, experiment: Path) -> None:
    run = WorkDir(experiment).create({"seed": 0})
    with run.start() as attempt:
        folder = run.attempt_provenance_path(attempt.number)
        take(folder, experiment=run.work_dir, source=repository.path, argv=["stride"])


def test_the_folder_is_the_answer_and_what_is_not_in_it_is_named(
    stride: Any, repository: Any, tmp_path: Path
) -> None:
    repository.write("model.py", "one = 11\n")
    repository.write("new.py", "new = 1\n")
    repository.write(".env", "TOKEN=1\n")
    trained(repository, tmp_path / "exp")
    answer = stride("checkout-code", "exp/0", "old")
    assert (answer.code, answer.out) == (0, "old\n")
    commit = repository.git("rev-parse", "HEAD")[:12]
    assert answer.err.splitlines() == [
        f"4 files of exp/0, attempt 1, commit {commit}: the recorded digest holds",
        "not kept by the run: .env looks like a key or a file of secrets",
    ]
    assert (tmp_path / "old/model.py").read_text() == "one = 11\n"
    fields = stride("checkout-code", "exp/0", "again", "--json").json
    assert set(fields) == set(FIELDS)
    assert (fields["files"], fields["digest_holds"]) == (4, True)


def test_what_does_not_hold_is_exit_code_3(stride: Any, repository: Any, tmp_path: Path) -> None:
    repository.write("new.py", "new = 1\n")
    trained(repository, tmp_path / "exp")
    kept = WorkDir(tmp_path / "exp").run(0).provenance_path / "untracked/new.py"
    kept.write_text("new = 2\n")
    answer = stride("checkout-code", "exp/0", "old")
    assert (answer.code, answer.out) == (3, "old\n")
    assert "missing, or not as it was kept: new.py" in answer.err
    assert answer.err.splitlines()[-1].startswith("error: old is not the code of exp/0")


def test_what_cannot_be_done_is_one_sentence_and_changes_nothing(
    stride: Any, repository: Any, tmp_path: Path
) -> None:
    trained(repository, tmp_path / "exp")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine").write_text("")
    before = sorted(tmp_path.rglob("*"))
    for arguments in (
        ("exp/0", "full"),
        ("exp/0", "old", "--attempt", "2"),
        ("exp/0", "old", "--attempt", "x"),
        ("exp/0", "old", "--repository", "nowhere"),
        ("exp/7", "old"),
        ("exp/0", "no/such/parent"),
    ):
        answer = stride("checkout-code", *arguments)
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1), arguments
    assert sorted(tmp_path.rglob("*")) == before
