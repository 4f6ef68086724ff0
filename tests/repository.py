"""Real git repositories for tests; tests/conftest.py makes the fixtures known to all."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


class Repository:
    """A git repository in a folder of its own, driven by the real program."""

    def __init__(self, path: Path, *options: str) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", *options)

    def git(self, *arguments: str | bytes, feed: bytes = b"") -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, input=feed, capture_output=True, check=True
        )
        return os.fsdecode(done.stdout.removesuffix(b"\n"))

    def write(self, name: str | bytes, content: str | bytes = "x = 1\n") -> Path:
        path = self.path / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def commit(self, message: str = "a commit") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--no-verify", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def plain_git(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git as on a fresh account: no config of the machine or of the user, and an identity."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (home / ".gitconfig").write_text(
        '[user]\nname = A\nemail = a@example.org\n[protocol "file"]\nallow = always\n'
    )


@pytest.fixture
def repository(tmp_path: Path, plain_git: None) -> Repository:
    """A repository of one commit with three files, in `tmp_path/code`."""
    repository = Repository(tmp_path / "code")
    repository.write("model.py", "one = 1\ntwo = 2\nthree = 3\n")
    repository.write("package/data.py", "data = []\n")
    repository.write(".gitignore", "*.log\n/ignored/\n")
    repository.commit()
    return repository


@pytest.fixture
def new_repository(plain_git: None) -> type[Repository]:
    """The class, for tests that need more than one."""
    return Repository
