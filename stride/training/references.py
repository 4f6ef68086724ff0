"""A thing that a name picks: a built-in, `package.module:Name` or `path/file.py:Name`."""

from __future__ import annotations

import contextlib
import functools
import importlib
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from stride.config.nearest import nearest
from stride.config.signature import signature_of
from stride.config.validation import to_python
from stride.errors import CodeReferenceError
from stride.files import storage_errors
from stride.training.builtin_things import KIND_WORDS, find_builtin
from stride.training.code_folders import package_of
from stride.training.kinds import check_built, check_kind, is_of_kind, is_plain_loss
from stride.training.own_modules import FoundModule, find_module
from stride.training.source_files import (
    check_outside_experiments,
    digest_of_sources,
    source_files,
    syntax_sentence,
)

_HANDED_OVER: Final = "object:"


@dataclass(frozen=True)
class Reference:
    """A class or function that a name picked. It was imported and checked, and not called.

    Attributes:
        path: the user's file that defines it; None for a built-in.
        digest: of that file and of those beside it that it imports; None for a built-in.
    """

    kind: str
    name: str
    thing: Any
    path: Path | None = None
    digest: str | None = None

    def build(self, *arguments: Any, **keywords: Any) -> Any:
        """Call it; a plain loss or collate function is given its keywords and not called yet.

        A config holds paths as text, and tuples as lists: it gets them as it is annotated.
        A data set may give None for a split that it does not have.

        Raises:
            CodeReferenceError: what came out is not of the kind.
        """
        keywords = self._as_annotated(keywords)
        if self.kind == "collate" or (self.kind == "loss" and is_plain_loss(self.thing)):
            return functools.partial(self.thing, **keywords) if keywords else self.thing
        built = self.thing(*arguments, **keywords)
        if built is None and self.kind == "dataset":
            return None  # there is no such split
        check_built(self.kind, built, self.name)
        return built

    def _as_annotated(self, keywords: dict[str, Any]) -> dict[str, Any]:
        plain = {name: value for name, value in keywords.items() if _is_json(value)}
        return keywords | to_python(signature_of(self.thing, self.name), plain)


def _is_json(value: Any) -> bool:
    """Whether it may stand in a config; what the training gives may be anything."""
    if isinstance(value, dict):
        return all(_is_json(item) for item in value.values())
    if isinstance(value, list):
        return all(_is_json(item) for item in value)
    return isinstance(value, str | int | float)


def is_reference(name: str) -> bool:
    """Whether a name means the user's own code, and no built-in."""
    return ":" in name


def load_thing(kind: str, name: str, *, code: Path | None = None) -> Reference:
    """Import what a name picks.

    Args:
        kind: one of `stride.config.catalog.KINDS`.
        name: a built-in or a reference.
        code: a folder to take the user's own code from, instead of where it was.

    Raises:
        ConfigError: there is no built-in of that name.
        CodeReferenceError: see `load_reference`.
    """
    if is_reference(name):
        return load_reference(kind, name, code=code)
    builtin = find_builtin(kind, name)
    module = importlib.import_module(builtin.module)
    return Reference(kind, name, getattr(module, builtin.attribute))


def load_reference(kind: str, name: str, *, code: Path | None = None) -> Reference:
    """Import the module that a reference names and check what it picks; nothing is called.

    A relative path is one from the current folder. The folder of a file is loaded as a package.

    Raises:
        CodeReferenceError: no such module, file or name; importing fails; the file lies inside an
            experiment; or what is there is not of the kind.
        StorageError: the file cannot be looked at.
    """
    where, _, attribute = name.rpartition(":")
    if name.startswith(_HANDED_OVER):
        raise CodeReferenceError(
            f"this {KIND_WORDS[kind]} was handed over in Python ({name}) and cannot be built from"
            " the config; hand it over again"
        )
    if not where or not attribute.isidentifier():
        raise CodeReferenceError(
            f"{name!r} names no {KIND_WORDS[kind]}; write package.module:Name or path/file.py:Name"
        )
    if where.endswith(".py") or "/" in where:
        found = _find_file(Path(where).expanduser(), code)
    else:
        found = find_module(where, code)
    module = _import(found)
    thing = _attribute(kind, module, attribute, where)
    check_kind(kind, thing, name)
    digest = digest_of_sources(found.files, found.root) if found.files else None
    return Reference(kind, name, thing, found.path, digest)


def _find_file(path: Path, code: Path | None) -> FoundModule:
    path = path if code is None else code / path.name
    with storage_errors("read", path):
        is_file, is_folder = path.is_file(), path.is_dir()
    if not is_file:
        what = "is a folder" if is_folder else "does not exist"
        raise CodeReferenceError(f"{path} {what}; name a Python file, as in path/file.py:Name")
    if path.suffix != ".py" or "." in path.stem:
        raise CodeReferenceError(f"{path} cannot be imported: it must be called name.py")
    check_outside_experiments(path)
    path = path.resolve()
    files = source_files(path, path.parent)
    for file in files:
        check_outside_experiments(file)
    return FoundModule(f"{package_of(path.parent, files)}.{path.stem}", path, path.parent, files)


def _import(found: FoundModule) -> ModuleType:
    importlib.invalidate_caches()
    try:
        # What it prints is no answer of a command: scripts read those from standard output.
        with contextlib.redirect_stdout(sys.stderr):
            return importlib.import_module(found.name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a stranger's module may raise anything, SystemExit too
        raise CodeReferenceError(_import_sentence(found, error)) from error


def _import_sentence(found: FoundModule, error: BaseException) -> str:
    shown = found.path or found.name
    if isinstance(error, SyntaxError):
        return syntax_sentence(error, shown)
    at = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if any(frame.filename == str(file) for file in found.files):
            at = f" at {frame.filename}, line {frame.lineno}"
    sentence = f"importing {shown} fails{at}: {type(error).__name__}: {error}"
    if isinstance(error, ModuleNotFoundError) and error.name:
        missing = error.name.partition(".")[0]
        if (found.root / f"{missing}.py").is_file() or (found.root / missing).is_dir():
            sentence += f"; {missing} lies beside it: write `from .{error.name} import ...`"
    return sentence


def _attribute(kind: str, module: ModuleType, attribute: str, where: str) -> Any:
    try:
        return getattr(module, attribute)
    except AttributeError:
        pass
    except Exception as error:  # the module may have a `__getattr__` of its own
        raise CodeReferenceError(
            f"{where} does not give {attribute}: {type(error).__name__}: {error}"
        ) from error
    words = KIND_WORDS[kind]
    fitting = [name for name, thing in vars(module).items() if is_of_kind(kind, thing)]
    own = [name for name in fitting if vars(module)[name].__module__ == module.__name__]
    near = nearest(attribute, own) or nearest(attribute, fitting)
    if near is not None:
        hint = f"did you mean {where}:{near}?"
    elif own:
        hint = f"what it defines of a {words} is {', '.join(own)}"
    else:
        hint = f"it defines no {words} at all"
    raise CodeReferenceError(f"{where} has no {attribute}; {hint}")
