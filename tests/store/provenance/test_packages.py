"""Packages: what is installed, as pip would read it, without credentials."""

import importlib.metadata
import json
import sys
from pathlib import Path

import pytest

from stride.errors import StoredFileError
from stride.store.provenance.packages import parse_packages, take_packages, version_of


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder that packages are found in."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    return tmp_path


def install(site: Path, name: str, version: str, origin: object = None) -> None:
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: not-this\n"
    )
    if origin is not None:
        (folder / "direct_url.json").write_text(json.dumps(origin))


def test_every_installed_package_is_listed_with_its_version():
    text, notes = take_packages()
    packages = parse_packages(text)
    assert notes == ()
    for name in ("msgspec", "torch", "pytest"):
        assert packages[name] == importlib.metadata.version(name)


def test_packages_that_are_from_no_index_say_where_they_are_from(site):
    install(site, "plain", "1.0")
    install(site, "local-one", "0.1", {"url": "file:///a b/c", "dir_info": {"editable": True}})
    install(site, "from-git", "2.0", {
        "url": "https://user:hunter2@example.org/x.git",
        "vcs_info": {"vcs": "git", "commit_id": "abc123", "requested_revision": "main"},
    })  # fmt: skip
    install(
        site, "archive", "3.0", {"url": "https://example.org/a.whl?sig=hunter2", "archive_info": {}}
    )
    text, notes = take_packages()
    assert notes == ()
    assert "hunter2" not in text
    assert text.splitlines()[1:] == [
        "# archive==3.0 from https://example.org/a.whl",
        "from-git @ git+https://example.org/x.git@abc123  # 2.0",
        "# local-one==0.1 from file:///a%20b/c (editable)",
        "plain==1.0",
    ]
    assert parse_packages(text) == {
        "archive": "3.0 from https://example.org/a.whl",
        "from-git": "2.0 from git+https://example.org/x.git@abc123",
        "local-one": "0.1 from file:///a%20b/c (editable)",
        "plain": "1.0",
    }


def test_a_package_that_is_damaged_is_noted_and_the_others_are_listed(site):
    install(site, "plain", "1.0")
    (site / "empty-1.dist-info").mkdir()
    install(site, "odd", "1.0", ["no object"])
    text, notes = take_packages()
    assert parse_packages(text) == {"plain": "1.0"}
    assert len(notes) == 2


def test_of_two_versions_the_one_that_an_import_finds_counts(site, tmp_path_factory, monkeypatch):
    first = tmp_path_factory.mktemp("first")
    monkeypatch.setattr(sys, "path", [str(first), str(site)])
    install(site, "Twice", "1.0")
    install(first, "twice", "2.0")
    assert parse_packages(take_packages()[0]) == {"twice": "2.0"}


def test_a_line_that_names_no_package_is_refused():
    with pytest.raises(StoredFileError, match="names no package"):
        parse_packages("a==1\nwhat is this\n")


def test_the_version_of_a_package_is_found_without_importing_it():
    assert version_of("torch") == importlib.metadata.version("torch")
    assert version_of("no-such-package") is None
