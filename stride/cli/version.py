"""`stride version`: the versions of stride and of what it stands on."""

from __future__ import annotations

import platform
from importlib import metadata

import stride
from stride.cli import answer
from stride.cli.options import Json

EXAMPLES = ("stride version", "stride version --json")
FIELDS = {
    "stride": "version of stride",
    "python": "version of Python",
    "torch": "version of torch; null where it is not installed",
    "platform": "operating system and machine",
}


def version(json: Json = False) -> None:
    """Print the versions that matter.

    Reads the version of torch from the installed package, without importing it.
    """
    found = {
        "stride": stride.__version__,
        "python": platform.python_version(),
        "torch": _installed("torch"),
        "platform": platform.platform(),
    }
    if json:
        answer.write_json(found)
        return
    for name, value in found.items():
        answer.write(f"{name:<9} {value or 'not installed'}")


def _installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
