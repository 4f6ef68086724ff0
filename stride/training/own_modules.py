"""A module of the user's own: where it is, found without running it."""

from __future__ import annotations

import sys
import sysconfig
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

from stride.errors import CodeReferenceError
from stride.training.source_files import check_outside_experiments, source_files


@dataclass(frozen=True)
class FoundModule:
    """A module that may be imported.

    Attributes:
        name: to import it by.
        path: its file; None for one that is not written in Python.
        root: the folder that its names are relative to.
        files: it and what it imports from below root; empty where path is None.
    """

    name: str
    path: Path | None
    root: Path
    files: tuple[Path, ...]


def find_module(name: str, code: Path | None = None) -> FoundModule:
    """Find `package.module`; the packages that it lies in are imported, itself it is not.

    The current folder is searched last, so that nothing in it hides what is installed.

    Args:
        name: dotted.
        code: a folder to search first.

    Raises:
        CodeReferenceError: there is none, or it lies inside an experiment.
    """
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        raise CodeReferenceError(f"{name!r} is no name of a module; write package.module:Name")
    if name == "__main__":
        raise CodeReferenceError(
            "__main__ cannot be imported again; name the file, as in path/file.py:Name"
        )
    if code is not None:
        sys.path.insert(0, str(code.resolve()))
    top = _spec(parts[0])
    if top is None:
        sys.path.append(str(Path.cwd()))
        top = _spec(parts[0])
        if top is None:
            sys.path.pop()
    spec: ModuleSpec | None = top
    for count in range(2, len(parts) + 1):
        if spec is not None:
            _check_place(spec)
            spec = _spec(".".join(parts[:count]))
    if top is None or spec is None:
        raise CodeReferenceError(
            f"there is no module {name}; it must be installed, or lie in the current folder"
            f" ({Path.cwd()})"
        )
    _check_place(spec)
    return _found(name, top, spec)


def _found(name: str, top: ModuleSpec, spec: ModuleSpec) -> FoundModule:
    if not spec.has_location or spec.origin is None or not spec.origin.endswith(".py"):
        return FoundModule(name, None, Path(), ())
    path = Path(spec.origin)
    if top.submodule_search_locations:
        root = Path(next(iter(top.submodule_search_locations)))
    else:
        root = path.parent
    if _is_installed(path):  # its version says what it is
        return FoundModule(name, path, root, (path,))
    files = source_files(path, root, name.partition(".")[0])
    for file in files:
        check_outside_experiments(file)
    return FoundModule(name, path, root, files)


def _spec(name: str) -> ModuleSpec | None:
    try:
        return find_spec(name)
    except ModuleNotFoundError:  # its parent is no package
        return None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the parent is imported, and may raise anything
        raise CodeReferenceError(
            f"importing the package of {name} fails: {type(error).__name__}: {error}"
        ) from error


def _check_place(spec: ModuleSpec) -> None:
    if spec.has_location and spec.origin is not None:
        check_outside_experiments(Path(spec.origin))


def _is_installed(path: Path) -> bool:
    return any(
        Path(sysconfig.get_path(scheme)) in path.parents
        for scheme in ("purelib", "platlib", "stdlib", "platstdlib")
    )
