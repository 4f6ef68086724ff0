"""The names in torch's source: optimisers, schedulers and losses, found without importing torch."""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from stride.config.python_source import NotConstant, PythonSource
from stride.errors import CodeReferenceError


@functools.cache
def torch_folder() -> Path:
    """The folder of the installed torch.

    Raises:
        CodeReferenceError: torch is not installed.
    """
    try:
        spec = find_spec("torch")
    except ModuleNotFoundError:  # somebody keeps it from being found
        spec = None
    if spec is None or spec.origin is None:
        raise CodeReferenceError(
            "torch is not installed, and the arguments of its optimisers, schedulers and losses are"
            " read from it: pip install torch"
        )
    return Path(spec.origin).parent


@functools.cache
def optimizer_sources() -> Mapping[str, Path]:
    """Each optimiser of torch.optim and the file that defines it.

    Raises:
        CodeReferenceError: torch is not installed.
    """
    folder = torch_folder() / "optim"
    sources = {}
    for node in ast.parse((folder / "__init__.py").read_bytes()).body:
        match node:
            case ast.ImportFrom(module=str(module), names=names, level=level):
                stem = module.rpartition(".")[2]
                relative = level == 1 or module == f"torch.optim.{stem}"
                for alias in names:
                    if relative and alias.name[0].isupper():
                        sources[alias.name] = folder / f"{stem}.py"
    sources.pop("Optimizer", None)
    return sources


@functools.cache
def scheduler_sources() -> Mapping[str, Path]:
    """Each scheduler of torch.optim.lr_scheduler and its file.

    Raises:
        CodeReferenceError: torch is not installed.
    """
    path = torch_folder() / "optim" / "lr_scheduler.py"
    return {name: path for name in _public_names(path) if name != "LRScheduler"}


@functools.cache
def loss_sources() -> Mapping[str, Path]:
    """Each loss of torch.nn and its file.

    Raises:
        CodeReferenceError: torch is not installed.
    """
    path = torch_folder() / "nn" / "modules" / "loss.py"
    return dict.fromkeys(_public_names(path), path)


def _public_names(path: Path) -> list[str]:
    source = PythonSource(path)
    try:
        names = source.value(source.assignments["__all__"])
    except (KeyError, NotConstant) as error:
        raise CodeReferenceError(
            f"{path} does not list its names: this torch is of a version that stride cannot read"
        ) from error
    return [str(name) for name in names]
