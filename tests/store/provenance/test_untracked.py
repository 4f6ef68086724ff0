"""Untracked files: source files are kept, the rest is listed with its reason."""

import os

from stride.store.provenance.code import LISTED, take_code
from stride.store.provenance.kept_files import KEPT_FILES, LARGEST_KEPT_FILE
from stride.store.provenance.untracked import LOOKED_AT


def taken(repository, tmp_path):
    return take_code(repository.path, tmp_path / "exp")


def kept(code) -> list[str]:
    return [file.path for file in code.state.files]


def reasons(code) -> dict[str, str]:
    return {item.path: item.reason for item in code.state.left_out}


def test_source_files_are_kept_and_others_are_listed(repository, tmp_path):
    repository.write("deep/er/new.py")
    repository.write("settings.yaml")
    repository.write("Makefile")
    repository.write("data.npz", b"1")
    code = taken(repository, tmp_path)
    assert kept(code) == ["deep/er/new.py", "Makefile", "settings.yaml"]
    assert reasons(code) == {"data.npz": "is no source file"}
    assert code.state.complete


def test_what_git_ignores_is_not_kept_also_in_folders_that_it_does_not_know(
    repository, tmp_path, monkeypatch
):
    repository.write("ignored/a.py")
    repository.write("new/ignored.log.py")
    repository.write("new/run.log")
    repository.write("new/.gitignore", "cache/\nlocal_*.py\n")
    repository.write("new/cache/b.py")
    repository.write("new/local_c.py")
    repository.write("new/.d.py")
    (repository.path / ".git/info/exclude").write_text(".d.py\n")
    assert kept(taken(repository, tmp_path)) == ["new/ignored.log.py", "new/.gitignore"]


def test_files_that_look_like_secrets_are_left_out_and_listed(repository, tmp_path):
    secret = {
        ".env": "looks", ".env.local": "looks", "deploy/id_ed25519.txt": "looks",
        "key.pem.py": None, "credentials.json": "looks", "hf_token.txt": "looks",
        "tokenizer.py": None, ".env.example": None, "notes.md": "holds",
    }  # fmt: skip
    for name in secret:
        repository.write(name, "a = 1\n")
    repository.write("notes.md", "-----BEGIN OPENSSH " + "PRIVATE KEY-----\nabc\n")
    code = taken(repository, tmp_path)
    assert {n: r.split()[0] for n, r in reasons(code).items()} == {
        name: reason for name, reason in secret.items() if reason
    }
    assert set(kept(code)) == {"key.pem.py", "tokenizer.py", ".env.example"}
    assert not code.state.complete


def test_a_large_source_file_is_left_out(repository, tmp_path):
    repository.write("huge.json", bytes(LARGEST_KEPT_FILE + 1))
    repository.write("just.json", bytes(LARGEST_KEPT_FILE))
    code = taken(repository, tmp_path)
    assert kept(code) == ["just.json"]
    assert reasons(code) == {"huge.json": "is larger than 1 MiB"}


def test_when_there_are_too_many_files_code_goes_before_settings(repository, tmp_path):
    for number in range(KEPT_FILES):
        repository.write(f"many/{number}.json")
    repository.write("many/deep/a.py")
    code = taken(repository, tmp_path)
    assert kept(code)[0] == "many/deep/a.py"
    assert len(code.state.files) == KEPT_FILES
    assert code.state.left_out_count == 1
    assert not code.state.complete


def test_a_huge_folder_is_looked_at_only_so_far(repository, tmp_path):
    (repository.path / "huge").mkdir()
    for number in range(LOOKED_AT + 1000):
        (repository.path / f"huge/{number}.png").touch()
    repository.write("new.py")
    code = taken(repository, tmp_path)
    assert kept(code) == ["new.py"]
    assert f"more than {LOOKED_AT}" in code.state.notes[0]
    assert code.state.left_out[0].path == "huge"
    assert (len(code.state.left_out), code.state.left_out_count) == (LISTED, LOOKED_AT + 1)


def test_a_deep_nest_of_folders_is_entered_only_so_far(repository, tmp_path):
    repository.write("n/" * 40 + "near.py")
    repository.write("f/" * 60 + "far.py")
    code = taken(repository, tmp_path)
    assert kept(code) == ["n/" * 40 + "near.py"]
    assert code.state.left_out[0].path.startswith("f/f/")
    assert not code.state.complete


def test_a_home_folder_that_is_a_repository_is_not_searched(new_repository, tmp_path, monkeypatch):
    home = new_repository(tmp_path / "home")
    home.write("letters/private.txt")
    monkeypatch.setenv("HOME", str(home.path))
    code = taken(home, tmp_path)
    assert (kept(code), code.state.complete) == ([], False)
    assert "is the home folder" in code.state.notes[1]


def test_who_does_not_want_to_see_untracked_files_has_none_kept(repository, tmp_path):
    repository.write("new.py")
    repository.git("config", "status.showUntrackedFiles", "no")
    code = taken(repository, tmp_path)
    assert (kept(code), code.state.complete) == ([], False)
    assert "showUntrackedFiles is off" in code.state.notes[0]


def test_another_repository_inside_is_named_and_not_entered(repository, new_repository, tmp_path):
    new_repository(repository.path / "inner").write("a.py")
    new_repository(repository.path / "folder/inner").write("b.py")
    repository.write("folder/new.py")
    code = taken(repository, tmp_path)
    assert kept(code) == ["folder/new.py"]
    assert reasons(code) == dict.fromkeys(["inner", "folder/inner"], "is another repository")


def test_links_are_told_and_never_followed(repository, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "private.py").write_text("hunter2\n")
    (repository.path / "link.py").symlink_to(outside / "private.py")
    (repository.path / "folder.py").symlink_to(outside)
    code = taken(repository, tmp_path)
    assert [(f.path, f.link) for f in code.state.files] == [
        ("folder.py", str(outside)),
        ("link.py", str(outside / "private.py")),
    ]
    assert b"hunter2" not in b"".join(file.content for file in code.files)


def test_a_pipe_with_the_name_of_a_source_file_holds_nobody_up(repository, tmp_path):
    (repository.path / "new").mkdir()
    os.mkfifo(repository.path / "new/pipe.py")
    repository.write("new/a.py")
    assert kept(taken(repository, tmp_path)) == ["new/a.py"]
