"""Packages: what is installed beside the code, in a form that pip reads."""

from __future__ import annotations

import importlib.metadata
import re
from typing import Final

import msgspec

from stride.errors import StoredFileError
from stride.store.provenance.secrets import masked_address

_HEADING: Final = "# installed packages; a local one is a comment: pip cannot fetch it\n"
_REQUIREMENT: Final = re.compile(r"(\S+)==(\S+)")
_FROM_VERSION_CONTROL: Final = re.compile(r"(\S+) @ (\S+)  # (\S+)")
_LOCAL: Final = re.compile(r"# (\S+)==(\S+) from (.+)")


class _VersionControl(msgspec.Struct):
    vcs: str
    commit_id: str = ""


class _DirectoryInfo(msgspec.Struct):
    editable: bool = False


class _Origin(msgspec.Struct):
    """direct_url.json: where a package came from that is from no index (PEP 610)."""

    url: str
    vcs_info: _VersionControl | None = None
    dir_info: _DirectoryInfo | None = None


def take_packages() -> tuple[str, tuple[str, ...]]:
    """The text of packages.txt, and notes on what could not be read. One line a package, sorted."""
    lines: dict[str, str] = {}
    notes: list[str] = []
    for distribution in importlib.metadata.distributions():
        try:
            name, version = _name_and_version(distribution)
            # The first on the search path is the one that an import finds.
            lines.setdefault(name.lower(), _line(name, version, distribution))
        except (OSError, ValueError, LookupError) as error:
            notes.append(f"an installed package cannot be read: {error}")
    return _HEADING + "".join(lines[key] + "\n" for key in sorted(lines)), tuple(notes)


def parse_packages(text: str) -> dict[str, str]:
    """Name to version, of a packages.txt; `1.2 from git+https://…@commit` if from no index.

    Raises:
        StoredFileError: a line is none of a packages.txt.
    """
    packages: dict[str, str] = {}
    for line in text.removeprefix(_HEADING).splitlines():
        if found := _REQUIREMENT.fullmatch(line):
            packages[found[1]] = found[2]
        elif found := _FROM_VERSION_CONTROL.fullmatch(line):
            packages[found[1]] = f"{found[3]} from {found[2]}"
        elif found := _LOCAL.fullmatch(line):
            packages[found[1]] = f"{found[2]} from {found[3]}"
        else:
            raise StoredFileError(f"packages.txt has a line that names no package: {line[:80]!r}")
    return packages


def version_of(package: str) -> str | None:
    """The version of an installed package by its metadata, or None; nothing is imported."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _name_and_version(distribution: importlib.metadata.Distribution) -> tuple[str, str]:
    """Read from the head of the metadata: parsing whole descriptions takes four times as long."""
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO")
    if text is None:
        text = distribution.read_text("") or ""
    head = dict(
        line.split(": ", 1) for line in text.partition("\n\n")[0].splitlines() if ": " in line
    )
    name, version = head.get("Name", "").strip(), head.get("Version", "").strip()
    if not re.fullmatch(r"\S+", name) or not re.fullmatch(r"\S+", version):
        raise ValueError(f"{distribution} has no name or version")
    return name, version


def _line(name: str, version: str, distribution: importlib.metadata.Distribution) -> str:
    text = distribution.read_text("direct_url.json")
    if text is None:
        return f"{name}=={version}"
    origin = msgspec.json.decode(text, type=_Origin)
    url = masked_address(origin.url).replace(" ", "%20").replace("\n", "%0A")
    if origin.vcs_info is not None:
        return f"{name} @ {origin.vcs_info.vcs}+{url}@{origin.vcs_info.commit_id}  # {version}"
    editable = " (editable)" if origin.dir_info and origin.dir_info.editable else ""
    return f"# {name}=={version} from {url}{editable}"
