"""The source files of a thing of the user's: its own, and those it imports beside it."""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from stride.errors import CodeReferenceError
from stride.files import storage_errors
from stride.store.provenance.experiments import is_experiment


def source_files(path: Path, root: Path, package: str = "") -> tuple[Path, ...]:
    """The file and all that it imports from below `root`, directly or not, sorted.

    Imports are read from the text, so that the answer does not depend on what happens to be loaded.

    Args:
        path: a file below root.
        root: the folder of the package.
        package: the name of the package, where absolute imports of it are to be followed too.

    Raises:
        CodeReferenceError: a file that is not there, or is no Python.
    """
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current in found:
            continue
        found.add(current)
        waiting.extend(_imported(current, root, package))
    return tuple(sorted(found))


def _imported(path: Path, root: Path, package: str) -> Iterator[Path]:
    for node in ast.walk(_parse(path)):
        match node:
            case ast.ImportFrom(level=0, module=str(module), names=names):
                yield from _within(module, package, root, [alias.name for alias in names])
            case ast.ImportFrom(level=level, module=module, names=names) if level > 0:
                folder = path.parent
                for _ in range(level - 1):
                    folder = folder.parent
                if folder == root or root in folder.parents:
                    parts = module.split(".") if module else []
                    yield from _modules(folder, parts, [alias.name for alias in names])
            case ast.Import(names=names):
                for alias in names:
                    yield from _within(alias.name, package, root, [])


def _within(module: str, package: str, root: Path, names: Sequence[str]) -> Iterator[Path]:
    parts = module.split(".")
    if package and parts[0] == package:
        yield from _modules(root, parts[1:], names)


def _modules(folder: Path, parts: Sequence[str], names: Sequence[str]) -> Iterator[Path]:
    """The files of `folder.parts`, and of each of the names that is a module of it."""
    candidates = [folder / "__init__.py"]
    for part in parts:
        candidates.append(folder / f"{part}.py")
        folder = folder / part
        candidates.append(folder / "__init__.py")
    for name in names:
        candidates += [folder / f"{name}.py", folder / name / "__init__.py"]
    yield from (candidate for candidate in candidates if candidate.is_file())


def _parse(path: Path) -> ast.Module:
    try:
        with storage_errors("read", path):
            return ast.parse(path.read_bytes(), filename=str(path))
    except FileNotFoundError as error:
        raise CodeReferenceError(f"there is no file {path}") from error
    except SyntaxError as error:
        raise CodeReferenceError(syntax_sentence(error, path)) from error
    except (MemoryError, RecursionError) as error:  # of the parser: its own stack is full
        raise CodeReferenceError(f"{path} is not Python: it is nested too deep") from error
    except ValueError as error:
        raise CodeReferenceError(f"{path} is not Python: {error}") from error


def syntax_sentence(error: SyntaxError, shown: object) -> str:
    """Where a file is not Python, and why; not every such error has a line."""
    line = "" if error.lineno is None else f", line {error.lineno}"
    return f"{error.filename or shown}{line}: {error.msg}"


def digest_of_sources(files: Sequence[Path], root: Path) -> str:
    """Digest of the names below root and the contents of some files, as `sha256:<hex>`."""
    digest = hashlib.sha256()
    for path in sorted(files):
        content = path.read_bytes()
        digest.update(f"{os.path.relpath(path, root)}\0{len(content)}\0".encode())
        digest.update(content)
    return "sha256:" + digest.hexdigest()


def check_outside_experiments(path: Path) -> None:
    """The file lies in no experiment, neither as it is named nor where symbolic links lead.

    What a training wrote, or what somebody sent along with a run, is never executed.

    Raises:
        CodeReferenceError: it does.
    """
    named = Path(os.path.abspath(path))  # noqa: PTH100 -- not resolve(): the links are looked at, too
    for place in {named: None, named.resolve(): None}:
        for folder in place.parents:
            if is_experiment(folder):
                raise CodeReferenceError(
                    f"{path} lies inside the experiment {folder}; code is never run from there:"
                    " move it out of the experiment"
                )
