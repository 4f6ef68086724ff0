"""Comparison of codes: the patch where a repository is at hand, the kept diffs where none is."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stride.errors import UsageError
from stride.files import read_json, sha256_of, write_json
from stride.report.code_comparison import compare_code, not_covered
from stride.report.portrait import read_portrait
from stride.store.provenance.folder import ProvenanceFolder
from stride.store.provenance.take import take
from stride.store.run import Run


@pytest.fixture
def from_code(trained: Any) -> Any:
    """Make a run that was started from the code as it is now."""

    def make(repository: Any, folder: Path | None = None) -> Run:
        run = trained()
        source = folder or repository.path
        target = run.attempt_provenance_path(1)
        take(target, experiment=run.work_dir, source=source, argv=["train"])
        return run

    return make


def compared(*runs: Run, **options: Any) -> Any:
    return compare_code([read_portrait(run) for run in runs], **options)


def summary(difference: Any) -> Any:
    return [(file.path, file.change, file.added, file.removed) for file in difference.files]


def test_uncommitted_changes_and_untracked_files_are_in_the_patch(
    repository: Any, from_code: Any, tmp_path: Path
) -> None:
    first = from_code(repository)
    repository.write("model.py", "one = 1\ntwo = 22\nthree = 3\n")
    repository.write("new.py", "import math\n")
    second = from_code(repository)
    (difference,) = compared(first, second, patch=True)
    assert summary(difference) == [("model.py", "changed", 1, 1), ("new.py", "new", 1, 0)]
    assert not difference.of_diffs
    shutil.copytree(repository.path, tmp_path / "copy")
    subprocess.run(["git", "stash", "-q", "-u"], cwd=tmp_path / "copy", check=True)
    subprocess.run(["git", "apply"], cwd=tmp_path / "copy", input=difference.patch, check=True)
    for name in ("model.py", "new.py"):
        copied = (tmp_path / "copy" / name).read_bytes()
        assert copied == (repository.path / name).read_bytes()


def test_renamed_and_binary_files_are_named_as_such(repository: Any, from_code: Any) -> None:
    repository.write("table.py", b"\0\1\2")
    repository.commit()
    first = from_code(repository)
    repository.git("mv", "package/data.py", "package/moved.py")
    repository.write("table.py", b"\0\1\3")
    repository.commit()
    (difference,) = compared(first, from_code(repository))
    assert summary(difference) == [
        ("package/moved.py", "renamed", 0, 0),
        ("table.py", "changed", None, None),
    ]
    assert difference.files[0].before == "package/data.py"
    assert difference.patch == b""


def test_the_same_code_under_two_commits_needs_no_repository(
    repository: Any, from_code: Any
) -> None:
    repository.write("model.py", "x = 2\n")
    first = from_code(repository)
    repository.commit()
    second = from_code(repository)
    shutil.rmtree(repository.path)
    (difference,) = compared(first, second)
    assert difference.files == ()


def test_all_runs_are_compared_with_the_first(repository: Any, from_code: Any) -> None:
    runs = [from_code(repository)]
    for number in range(2):
        repository.write("model.py", f"x = {number}\n")
        repository.commit()
        runs.append(from_code(repository))
    found = compared(*runs)
    assert [(d.first, d.second) for d in found] == [
        (runs[0].address, runs[1].address),
        (runs[0].address, runs[2].address),
    ]


def test_the_commits_may_be_in_two_repositories(
    repository: Any, new_repository: Any, from_code: Any, tmp_path: Path
) -> None:
    subprocess.run(["git", "clone", "-q", repository.path, tmp_path / "clone"], check=True)
    clone = new_repository(tmp_path / "clone")
    first = from_code(repository)
    clone.write("model.py", "x = 2\n")
    clone.commit()
    (difference,) = compared(first, from_code(clone))
    assert summary(difference) == [("model.py", "changed", 1, 3)]


def test_a_repository_that_was_moved_can_be_named(
    repository: Any, from_code: Any, tmp_path: Path
) -> None:
    first = from_code(repository)
    repository.write("model.py", "x = 2\n")
    repository.commit()
    second = from_code(repository)
    moved = repository.path.rename(tmp_path / "moved")
    (lost,) = compared(first, second)
    assert lost.files is None
    assert "is not at hand; --repository DIR" in str(lost.reason)
    for place in (moved, moved / "package", moved / ".git"):
        (difference,) = compared(first, second, repository=place)
        assert summary(difference) == [("model.py", "changed", 1, 3)]


def test_the_current_folder_is_asked_as_well(
    repository: Any, from_code: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = from_code(repository)
    repository.write("model.py", "x = 2\n")
    second = from_code(repository)
    monkeypatch.chdir(repository.path.rename(tmp_path / "moved"))
    (difference,) = compared(first, second)
    assert summary(difference) == [("model.py", "changed", 1, 3)]


@pytest.mark.parametrize("name", ["nothing", "."])
def test_a_repository_that_is_none_is_refused(
    repository: Any, from_code: Any, tmp_path: Path, name: str
) -> None:
    runs = [from_code(repository) for _ in range(2)]
    with pytest.raises(UsageError, match=f"--repository .*{name}: git"):
        compared(*runs, repository=tmp_path / name)


def test_without_a_repository_the_diffs_to_the_same_commit_are_compared(
    repository: Any, from_code: Any
) -> None:
    repository.write("package/data.py", "data = [1]\n")
    first = from_code(repository)
    repository.write("package/data.py", "data = [2]\n")
    repository.write("model.py", "one = 1\ntwo = 22\nthree = 3\n")
    repository.write("new.py", "import math\n")
    second = from_code(repository)
    shutil.rmtree(repository.path)
    (difference,) = compared(first, second, patch=True)
    assert difference.of_diffs
    assert "is not at hand" in str(difference.reason)
    assert [file.path for file in difference.files or ()] == [
        "model.py",
        "package/data.py",
        "new.py",
    ]
    assert b"\n-two = 2\n+two = 22\n" in difference.patch
    assert b"-+data = [1]\n++data = [2]\n" in difference.patch
    assert b"untracked file new.py\n" in difference.patch


def test_what_was_left_out_is_said(repository: Any, from_code: Any) -> None:
    repository.write(".env", "API_TOKEN=x\n")
    runs = [from_code(repository) for _ in range(2)]
    portraits = [read_portrait(run) for run in runs]
    assert list(not_covered(portraits)) == [
        f"not covered, in {runs[0].address}, {runs[1].address}: .env (looks like a key or a file"
        " of secrets)"
    ]


def test_experiments_in_the_repository_are_no_code(
    repository: Any, trained: Any, tmp_path: Path
) -> None:
    exp = repository.path / "exp"
    runs = []
    for number in range(2):
        shutil.rmtree(tmp_path / "exp", ignore_errors=True)
        made = trained()
        moved = Run(exp / str(number))
        exp.mkdir(exist_ok=True)
        shutil.copy(made.work_dir / "config.json", exp)
        shutil.copytree(made.path, moved.path)
        target = moved.attempt_provenance_path(1)
        take(target, experiment=exp, source=repository.path, argv=["train"])
        path = ProvenanceFolder(target).machine_path
        write_json(path, read_json(path) | {"folder": str(repository.path)})
        repository.write("model.py", f"x = {number}\n")
        repository.commit()
        runs.append(moved)
    (difference,) = compared(*runs)
    assert [file.path for file in difference.files or ()] == ["model.py"]


def test_runs_without_git_or_without_anything_known_have_no_patch(
    trained: Any, known: Any, repository: Any, from_code: Any
) -> None:
    nothing, outside, inside = trained(), known(trained()), from_code(repository)
    for runs, reason in (((nothing, inside), "not known"), ((outside, inside), "no repository")):
        (difference,) = compared(*runs)
        assert (difference.files, difference.in_git) == (None, False)
        assert reason in str(difference.reason)


def test_a_damaged_diff_is_a_sentence(repository: Any, from_code: Any) -> None:
    first = from_code(repository)
    repository.write("model.py", "x = 2\n")
    second = from_code(repository)
    ProvenanceFolder(second.attempt_provenance_path(1)).diff_path.write_bytes(b"\0torn")
    (difference,) = compared(first, second)
    assert difference.of_diffs or difference.files is None
    assert "git apply refused" in str(difference.reason)


def test_a_commit_that_is_an_option_is_not_handed_to_git(repository: Any, from_code: Any) -> None:
    runs = [from_code(repository) for _ in range(2)]
    path = ProvenanceFolder(runs[1].attempt_provenance_path(1)).code_path
    write_json(path, read_json(path) | {"commit": "--output=x", "digest": None})
    (difference,) = compared(*runs)
    assert difference.files is None
    assert "is not at hand" in str(difference.reason)
    assert msgspec.json.decode(path.read_bytes())["commit"] == "--output=x"


odd_paths = st.sampled_from(
    [
        "",
        ".",
        "..",
        "/",
        "/etc",
        "\0",
        "a\0b",
        "a\nb",
        "\x1b[2J",
        ".git/config",
        "ünï",
        "x" * 5000,
        "-p",
    ]
)
odd_files = st.lists(
    st.fixed_dictionaries(
        {"path": odd_paths, "size": st.integers(-1, 9), "digest": st.just(sha256_of(b"x"))},
        optional={"link": st.just("x") | st.none(), "executable": st.booleans()},
    ),
    max_size=2,
)
odd_codes = st.fixed_dictionaries(
    {"digest": st.none() | st.just("sha256:0")},
    optional={
        "repository": odd_paths,
        "commit": st.none() | odd_paths | st.just("0" * 40),
        "files": odd_files,
        "left_out": st.lists(
            st.fixed_dictionaries(
                {"path": odd_paths, "reason": st.just("belongs to an experiment")}
            ),
            max_size=2,
        ),
        "submodules": st.lists(
            st.fixed_dictionaries(
                {"path": odd_paths, "recorded": odd_paths, "commit": st.just("1" * 40)}
            ),
            max_size=2,
        ),
    },
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(odd=odd_codes, diff=st.sampled_from([None, b"", b"\0", b"diff --git a/x b/x\n", b"@@"]))
def test_whatever_a_folder_says_of_its_code_is_an_answer(
    repository: Any, from_code: Any, odd: Any, diff: bytes | None
) -> None:
    runs = [from_code(repository) for _ in range(2)]
    folder = ProvenanceFolder(runs[1].attempt_provenance_path(1))
    write_json(folder.code_path, read_json(folder.code_path) | odd)
    if diff is not None:
        folder.diff_path.write_bytes(diff)
    (difference,) = compared(*runs, patch=True)
    assert difference.files is not None or difference.reason
