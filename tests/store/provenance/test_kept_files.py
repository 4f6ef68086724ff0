"""Kept files: the bytes and the kind of a file, or the reason why it is left out."""

import os

from stride.files import sha256_of
from stride.store.provenance.kept_files import KEPT_BYTES, LARGEST_KEPT_FILE, read_kept
from stride.store.provenance.record import KeptFile


def test_a_file_is_kept_with_its_content_and_its_mode(tmp_path):
    (tmp_path / "run.sh").write_bytes(b"echo\n")
    (tmp_path / "run.sh").chmod(0o755)
    (content,), left_out = read_kept(tmp_path, ["run.sh"], tracked=False)
    assert left_out == []
    assert content.content == b"echo\n"
    assert content.describe() == KeptFile("run.sh", 5, sha256_of(b"echo\n"), executable=True)


def test_a_link_is_kept_as_its_target(tmp_path):
    (tmp_path / "link.py").symlink_to("nowhere")
    (content,), _ = read_kept(tmp_path, ["link.py"], tracked=True)
    described = KeptFile("link.py", 7, sha256_of(b"nowhere"), link="nowhere", tracked=True)
    assert content.describe() == described


def test_what_cannot_be_kept_is_named_with_its_reason(tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "large.py").write_bytes(bytes(LARGEST_KEPT_FILE + 1))
    (tmp_path / "key.pem").write_text("")
    names = ["pipe.py", "folder.py", "large.py", "key.pem", "gone.py"]
    kept, left_out = read_kept(tmp_path, names, tracked=False)
    assert kept == []
    assert [(item.path, item.reason) for item in left_out] == [
        ("pipe.py", "is no regular file"),
        ("folder.py", "cannot be read: Is a directory"),
        ("large.py", "is larger than 1 MiB"),
        ("key.pem", "looks like a key or a file of secrets"),
        ("gone.py", "cannot be read: No such file or directory"),
    ]


def test_the_files_together_stay_below_a_limit(tmp_path):
    names = [f"{n}.py" for n in range(KEPT_BYTES // LARGEST_KEPT_FILE + 2)]
    for name in names:
        (tmp_path / name).write_bytes(bytes(LARGEST_KEPT_FILE))
    kept, left_out = read_kept(tmp_path, names, tracked=False)
    assert sum(len(content.content) for content in kept) == KEPT_BYTES
    assert [item.path for item in left_out] == names[-2:]
