"""Folders of code that a user named by path: each is a package of its own below this module.

`from .model import Net` works in them, and two folders' `model.py` never meet. What folders there
are stands in an environment variable, so that a process that this one starts (a worker that loads
data) finds them under the same names.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

from stride.files import sha256_of_file

__path__: list[str] = []  # what makes this module one that others can lie below

_VARIABLE: Final = "STRIDE_CODE_FOLDERS"

_seen: dict[Path, tuple[str, dict[Path, str]]] = {}
"""Each folder: the name of its package, and the digests of the files when they were loaded."""


class _Finder(MetaPathFinder):
    """Finds the packages below this module; their own modules are found as those of any package."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        parent, _, name = fullname.rpartition(".")
        if parent != __name__:
            return None
        folder = _registered().get(name)
        if folder is None:
            return None
        start = Path(folder, "__init__.py")
        if start.is_file():
            return spec_from_file_location(fullname, start, submodule_search_locations=[folder])
        spec = ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = [folder]
        return spec


def package_of(folder: Path, files: Iterable[Path]) -> str:
    """The full name of the package that stands for a folder.

    It is the same for all files of the folder, until one that was loaded has changed on disk: then
    it is a new one, so that what runs is what the digests say.

    Args:
        folder: resolved.
        files: those about to be loaded.
    """
    name, known = _seen.get(folder, (_name(folder, 1), {}))
    if any(not path.is_file() or sha256_of_file(path) != known[path] for path in known):
        generation = 2
        while _name(folder, generation) in _registered():
            generation += 1
        name, known = _name(folder, generation), {}
    known = {**known, **{path: sha256_of_file(path) for path in files}}
    _seen[folder] = (name, known)
    os.environ[_VARIABLE] = json.dumps({**_registered(), name: str(folder)})
    return f"{__name__}.{name}"


def _name(folder: Path, generation: int) -> str:
    readable = re.sub(r"\W", "_", folder.name)
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]
    return f"{readable}_{digest}" + ("" if generation == 1 else f"_{generation}")


def _registered() -> dict[str, str]:
    registered: dict[str, str] = json.loads(os.environ.get(_VARIABLE, "{}"))
    return registered


sys.meta_path.append(_Finder())
