"""Restoring the code of a run: all of it, in a fresh folder, and nothing outside."""

import json
import os
import shutil
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stride.errors import RunStateError, StrideError, UsageError
from stride.files import sha256_of
from stride.store.provenance.folder import ProvenanceFolder
from stride.store.provenance.restore import restore_code
from stride.store.provenance.take import take
from stride.store.work_dir import WorkDir


def trained(source, experiment: Path):
    """A run that was started in the folder `source`."""
    run = WorkDir(experiment).create({"seed": 0})
    with run.start() as attempt:
        folder = run.attempt_provenance_path(attempt.number)
        take(folder, experiment=run.work_dir, source=source, argv=["stride"])
    return run


def tree_of(top: Path, *without: str) -> dict[str, tuple[str, str | bytes]]:
    """Every file and link outside of .git, with its kind and content."""
    found: dict[str, tuple[str, str | bytes]] = {}
    for path in top.rglob("*"):
        name = str(path.relative_to(top))
        if name.split("/")[0] in (".git", *without):
            continue
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_file():
            executable = path.stat().st_mode & stat.S_IXUSR
            found[name] = ("program" if executable else "file", path.read_bytes())
    return found


names = st.sampled_from(["a.py", "b c.py", "d/e.py", "d/f/g.yaml", "h\n.py", "ü/i.sh", "*.py"])
contents = st.one_of(st.binary(max_size=100), st.text("ab\n", max_size=40).map(str.encode))
files = st.dictionaries(names, st.tuples(contents, st.booleans()), max_size=5)


def lay(repository, wanted) -> None:
    """Make the work tree hold these files and no others."""
    for entry in repository.path.iterdir():
        if entry.name != ".git":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for name, (content, executable) in wanted.items():
        repository.write(name, content).chmod(0o755 if executable else 0o644)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(committed=files, final=files)
def test_any_state_of_the_code_is_given_back_and_its_digest_holds(
    committed, final, tmp_path_factory, new_repository
):
    tmp_path = tmp_path_factory.mktemp("law")
    repository = new_repository(tmp_path / "code")
    lay(repository, committed)
    repository.commit()
    lay(repository, final)
    run = trained(repository.path, tmp_path / "exp")
    restored = restore_code(run, tmp_path / "restored")
    assert tree_of(tmp_path / "restored") == tree_of(repository.path)
    assert (restored.digest_holds, restored.missing, restored.left_out) == (True, (), ())
    assert restored.files == len(final)


def test_links_programs_and_changes_of_kind_come_back(repository, tmp_path):
    repository.write("run.sh", "echo\n")
    (repository.path / "link.py").symlink_to("model.py")
    repository.commit()
    (repository.path / "run.sh").chmod(0o755)
    (repository.path / "link.py").unlink()
    repository.write("link.py", "no = 'link'\n")
    (repository.path / "model.py").unlink()
    (repository.path / "model.py").symlink_to("package/data.py")
    (repository.path / "untracked.py").symlink_to("../elsewhere.py")
    run = trained(repository.path, tmp_path / "exp")
    restored = restore_code(run, tmp_path / "restored")
    assert tree_of(tmp_path / "restored") == tree_of(repository.path)
    assert restored.digest_holds
    assert restored.links_out == ("untracked.py -> ../elsewhere.py",)


def test_nothing_of_the_repository_but_its_objects_is_used(repository, tmp_path):
    marker = tmp_path / "executed"
    program = repository.write("evil.sh", f"#!/bin/sh\ntouch {marker}\ncat\n")
    program.chmod(0o755)
    repository.write(".gitattributes", "*.py filter=evil\n*.txt text eol=crlf\n")
    repository.write("notes.txt", "one\ntwo\n")
    repository.commit()
    for name in ("post-checkout", "post-index-change", "reference-transaction"):
        hook = repository.path / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
        hook.chmod(0o755)
    for key in ("filter.evil.smudge", "filter.evil.clean", "filter.evil.process"):
        repository.git("config", key, str(program))
    repository.git("config", "filter.evil.required", "true")
    repository.git("config", "core.fsmonitor", str(program))
    marker.unlink(missing_ok=True)
    run = trained(repository.path, tmp_path / "exp")
    before = {path: path.stat().st_mtime_ns for path in repository.path.rglob("*")}
    restored = restore_code(run, tmp_path / "restored")
    assert not marker.exists()
    assert restored.digest_holds
    assert (tmp_path / "restored/model.py").read_text() == "one = 1\ntwo = 2\nthree = 3\n"
    assert before == {path: path.stat().st_mtime_ns for path in repository.path.rglob("*")}


def test_a_folder_with_content_is_refused_and_a_failure_leaves_none(repository, tmp_path):
    run = trained(repository.path, tmp_path / "exp")
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    file = tmp_path / "file"
    file.write_text("mine")
    for target in (full, file, tmp_path / "no" / "parent", tmp_path / "exp" / "code"):
        with pytest.raises(UsageError):
            restore_code(run, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["code", "exp", "file", "full"]
    assert (full / "mine.txt").read_text() == "mine"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert restore_code(run, empty).digest_holds


def test_secrets_are_named_and_the_digest_holds_without_them(repository, tmp_path):
    repository.write("config.env", "A=1\n")
    repository.commit()
    repository.write("config.env", "A=2\n")
    repository.write("id_rsa", "key\n")
    repository.write(".env", "TOKEN=1\n")
    run = trained(repository.path, tmp_path / "exp")
    restored = restore_code(run, tmp_path / "restored")
    assert restored.digest_holds
    assert {".env", "config.env"} <= {each.path for each in restored.left_out}
    assert (tmp_path / "restored/config.env").read_text() == "A=1\n"
    assert not (tmp_path / "restored/.env").exists()


def test_experiments_in_the_repository_are_no_code(repository, tmp_path):
    repository.write("exps/one/README.md", "about it\n")
    repository.write("exps/one/config.json", '{"format": 1}\n')
    repository.commit()
    trained(repository.path, repository.path / "exps/one")
    run = trained(repository.path, repository.path / "exps/two")
    repository.write("model.py", "two = 3\n")
    later = trained(repository.path, repository.path / "exps/two")
    assert restore_code(run, tmp_path / "first").digest_holds
    assert restore_code(later, tmp_path / "second").digest_holds
    assert (tmp_path / "second/model.py").read_text() == "two = 3\n"
    assert not (tmp_path / "second/exps/two").exists()


def test_where_the_commit_is_gone_the_sentence_says_where_it_came_from(
    repository, new_repository, tmp_path
):
    repository.git("remote", "add", "origin", "https://me:secret@example.org/nets.git")
    run = trained(repository.path, tmp_path / "exp")
    clone = tmp_path / "clone.git"
    repository.git("clone", "-q", "--bare", ".", str(clone))
    other = new_repository(tmp_path / "other")
    other.commit()
    repository.path.rename(tmp_path / "away")
    with pytest.raises(UsageError, match=r"cloned from https://example.org/nets.git$"):
        restore_code(run, tmp_path / "restored")
    with pytest.raises(UsageError, match="is not there: name a clone that has it"):
        restore_code(run, tmp_path / "restored", repository=str(other.path))
    with pytest.raises(UsageError, match="--repository"):
        restore_code(run, tmp_path / "restored", repository=str(tmp_path / "exp"))
    assert not (tmp_path / "restored").exists()
    assert restore_code(run, tmp_path / "restored", repository=str(clone)).digest_holds
    address = f"file://{clone}"
    assert restore_code(run, tmp_path / "fetched", repository=address).digest_holds
    with pytest.raises(UsageError, match="cannot be had"):
        restore_code(run, tmp_path / "not", repository=f"file://{tmp_path}/nowhere")
    with pytest.raises(UsageError, match="--repository"):
        restore_code(run, tmp_path / "not", repository=f"ext::touch {tmp_path}/executed")
    assert not (tmp_path / "executed").exists()


def test_code_of_each_attempt_is_its_own(repository, tmp_path):
    run = WorkDir(tmp_path / "exp").create({"seed": 0})
    for text in ("one = 1\n", "one = 2\n"):
        repository.write("model.py", text)
        attempt = run.start()
        folder = run.attempt_provenance_path(attempt.number)
        take(folder, experiment=run.work_dir, source=repository.path, argv=["stride"])
        attempt.stop("asked")
    assert restore_code(run, tmp_path / "newest").attempt == 2
    assert restore_code(run, tmp_path / "first", attempt=1).digest_holds
    assert (tmp_path / "first/model.py").read_text() == "one = 1\n"
    assert (tmp_path / "newest/model.py").read_text() == "one = 2\n"
    with pytest.raises(RunStateError, match="2 attempts, and no attempt 3"):
        restore_code(run, tmp_path / "third", attempt=3)


def test_a_run_whose_code_is_not_known_says_so(tmp_path, plain_git):
    created = WorkDir(tmp_path / "exp").create({})
    with pytest.raises(RunStateError, match="nothing is recorded of the code"):
        restore_code(created, tmp_path / "restored")
    with pytest.raises(RunStateError, match="was in no repository"):
        restore_code(trained(tmp_path, tmp_path / "exp"), tmp_path / "restored")


def test_what_was_changed_in_the_run_folder_since_does_not_hold(repository, tmp_path):
    repository.write("new.py", "new = 1\n")
    run = trained(repository.path, tmp_path / "exp")
    folder = ProvenanceFolder(run.provenance_path)
    (folder.untracked_path / "new.py").write_text("new = 2\n")
    (folder.untracked_path / "planted.py").write_text("planted = 1\n")
    restored = restore_code(run, tmp_path / "restored")
    assert (restored.digest_holds, restored.missing) == (False, ("new.py",))
    assert not (tmp_path / "restored/planted.py").exists()


OUTSIDE = "outside.py"


def forge(run, change) -> None:
    """Change code.json as somebody would who sends a run to be looked at."""
    path = ProvenanceFolder(run.provenance_path).code_path
    state = json.loads(path.read_text())
    change(state)
    path.write_text(json.dumps(state))


@pytest.mark.parametrize(
    "path",
    ["../outside.py", "package/../../outside.py", ".git/hooks/post-checkout", ".GIT/config", "/x"],
)
def test_no_kept_link_leads_its_own_path_out(repository, tmp_path, path):
    run = trained(repository.path, tmp_path / "exp")
    target = "model.py"
    link = {"path": path, "size": 1, "digest": sha256_of(target.encode()), "link": target}
    forge(run, lambda state: state["files"].append(link))
    attempt_restoring(run, tmp_path)


def test_no_kept_file_is_written_through_a_link(repository, tmp_path):
    (repository.path / "door").symlink_to(tmp_path)
    repository.commit()
    repository.write("untracked/outside.py", "out = 1\n")
    run = trained(repository.path, tmp_path / "exp")
    folder = ProvenanceFolder(run.provenance_path).untracked_path
    (folder / "untracked").rename(folder / "door")
    forge(run, lambda state: state["files"][0].update(path="door/outside.py"))
    attempt_restoring(run, tmp_path)


def test_no_diff_plants_a_link_and_writes_through_it(repository, tmp_path):
    run = trained(repository.path, tmp_path / "exp")
    link = (
        f"diff --git a/door b/door\nnew file mode 120000\n--- /dev/null\n+++ b/door\n"
        f"@@ -0,0 +1 @@\n+{tmp_path}\n\\ No newline at end of file\n"
    )
    for path in ("door/outside.py", "../outside.py", ".git/config"):
        through = (
            f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
            "@@ -0,0 +1 @@\n+out = 1\n"
        )
        ProvenanceFolder(run.provenance_path).diff_path.write_text(link + through)
        attempt_restoring(run, tmp_path)


def test_a_commit_that_is_an_option_of_git_is_none(repository, tmp_path):
    run = trained(repository.path, tmp_path / "exp")
    for commit in ("--upload-pack=touch", "HEAD", "a" * 40):
        forge(run, lambda state, commit=commit: state.update(commit=commit))
        with pytest.raises(StrideError):
            restore_code(run, tmp_path / "restored", repository=f"file://{repository.path}")
        assert not (tmp_path / "restored").exists()


def attempt_restoring(run, tmp_path: Path) -> None:
    """Restore; whether it is refused or not, nothing may lie outside the folder."""
    before = tree_of(tmp_path, "restored")
    target = tmp_path / "restored"
    try:
        restored = restore_code(run, target)
    except StrideError:
        assert not target.exists()
    else:
        assert restored.missing or not restored.digest_holds
        shutil.rmtree(target)
    assert tree_of(tmp_path, "restored") == before
    assert not os.path.lexists(tmp_path / OUTSIDE)
