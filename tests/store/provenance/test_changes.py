"""Changes: which changes of tracked files the diff holds, and which are left out with a reason."""

import os

import pytest

from stride.store.provenance.changes import CHANGED_BYTES, LARGEST_CHANGED_FILE
from stride.store.provenance.code import take_code

TOKEN = "ghp_" + "aB3" * 12


def taken(repository, tmp_path):
    return take_code(repository.path, tmp_path / "exp")


def reasons(state) -> dict[str, str]:
    return {item.path: item.reason for item in state.left_out}


def test_a_file_that_was_only_touched_is_no_change(repository, tmp_path):
    os.utime(repository.path / "model.py", (1, 1))
    assert taken(repository, tmp_path).state.dirty is False


def test_a_change_within_the_second_of_the_last_add_is_seen_though_size_and_time_agree(
    repository, tmp_path
):
    repository.git("config", "core.trustctime", "false")
    os.utime(repository.write("model.py", "a = 1\n"), (1e9, 1e9))
    repository.commit()
    os.utime(repository.write("model.py", "a = 2\n"), (1e9, 1e9))
    os.utime(repository.path / ".git/index", (1e9, 1e9))
    assert b"+a = 2" in taken(repository, tmp_path).diff


def test_settings_of_the_user_do_not_change_the_form_of_the_diff(repository, tmp_path):
    repository.write("model.py", "one = 1\n\ntwo = 3\nthree = 3\n")
    repository.git("mv", "package/data.py", "package/renamed.py")
    plain = taken(repository, tmp_path).diff
    for key, value in {
        "noprefix": "true", "mnemonicPrefix": "true", "renames": "copies", "context": "0",
        "suppressBlankEmpty": "true", "relative": "true", "wsErrorHighlight": "all",
        "orderFile": ".gitignore", "interHunkContext": "9", "colorMoved": "zebra",
    }.items():  # fmt: skip
        repository.git("config", f"diff.{key}", value)
    repository.git("config", "color.ui", "always")
    repository.git("config", "core.abbrev", "4")
    assert take_code(repository.path / "package", tmp_path / "exp").diff == plain
    assert plain.startswith(b"diff --git a/model.py b/model.py\nindex ")


def test_a_tracked_file_of_secrets_is_left_out_when_it_changes(repository, tmp_path):
    repository.write(".env", "A=1\n")
    repository.write("secrets.py", "def mask(): ...\n")
    repository.commit()
    repository.write(".env", "A=hunter2\n")
    repository.write("secrets.py", "def mask(): return 1\n")
    code = taken(repository, tmp_path)
    assert reasons(code.state) == {".env": "looks like a key or a file of secrets"}
    assert b"hunter2" not in code.diff
    assert b"return 1" in code.diff
    assert not code.state.complete
    assert code.state.changed == 2


@pytest.mark.parametrize("name", ["model.py", "with space.py", "ünïcode.py", "new\nline.py"])
def test_a_change_that_holds_a_token_is_left_out_and_the_others_stay(repository, tmp_path, name):
    repository.write(name, "x = 1\n")
    repository.write("zzz.py", "x = 1\n")
    repository.commit()
    for changed in ("aaa.py", name, "zzz.py"):
        repository.write(changed, f"x = '{TOKEN if changed == name else 'harmless'}'\n")
    repository.git("add", "-A")
    code = taken(repository, tmp_path)
    assert TOKEN.encode() not in code.diff
    assert code.diff.count(b"harmless") == 2
    assert len(code.state.left_out) == 1
    assert not code.state.complete
    repository.git("stash", "-q")
    repository.git("apply", "-", feed=code.diff)
    assert "harmless" in (repository.path / "zzz.py").read_text()


def test_a_large_change_is_left_out_and_named(repository, tmp_path):
    repository.write("data.bin", b"1")
    repository.commit()
    repository.write("data.bin", os.urandom(LARGEST_CHANGED_FILE + 1))
    repository.write("model.py", "changed = 1\n")
    code = taken(repository, tmp_path)
    assert reasons(code.state) == {"data.bin": "is too large for the diff"}
    assert b"+changed = 1" in code.diff
    assert len(code.diff) < 1000


def test_of_many_large_changes_the_smaller_ones_are_kept(repository, tmp_path):
    size = CHANGED_BYTES // 6
    names = [f"data{n}.bin" for n in range(7)]
    for name in names:
        repository.write(name, bytes(size - 10 + int(name[4])))
    repository.git("add", "-A")
    code = taken(repository, tmp_path)
    assert reasons(code.state) == {"data6.bin": "is too large for the diff"}
    assert code.diff.count(b"diff --git") == 6


def test_a_file_that_became_a_folder_of_secrets_lets_none_of_them_in(repository, tmp_path):
    repository.write("settings", "a\n")
    repository.commit()
    (repository.path / "settings").unlink()
    repository.write("settings/.env", "A=hunter2\n")
    repository.write("model.py", "changed = 1\n")
    repository.git("add", "-A")
    code = taken(repository, tmp_path)
    assert set(reasons(code.state)) == {"settings", "settings/.env"}
    assert b"hunter2" not in code.diff


def test_more_changed_files_than_fit_on_a_command_line_are_all_kept(repository, tmp_path):
    names = [f"{'long-name-' * 12}{n}.py" for n in range(1500)]
    for name in (*names, "secret.pem"):
        repository.write(name, "a = 1\n")
    repository.commit()
    for name in (*names, "secret.pem"):
        repository.write(name, "a = 2\n")
    code = taken(repository, tmp_path)
    assert code.diff.count(b"\n+a = 2") == 1500
    assert set(reasons(code.state)) == {"secret.pem"}
