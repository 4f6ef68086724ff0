"""The blocks of a model: the parts whose parameters are sharded, and gathered, together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from stride.errors import ConfigError

_CONTAINERS = (nn.ModuleList, nn.ModuleDict, nn.Sequential)


@dataclass(frozen=True)
class Blocks:
    """The parts of a model that are sharded on their own; the rest of it is one more.

    Attributes:
        modules: by their path in the model; a part comes before what is inside it.
    """

    modules: dict[str, nn.Module]

    @property
    def sentence(self) -> str:
        """What they are, for the log."""
        if not self.modules:
            return "the model is sharded as one, as it has no part that repeats"
        counts = Counter(type(module).__name__ for module in self.modules.values())
        return "sharded by " + ", ".join(f"{count} {name}" for name, count in counts.items())


def find_blocks(model: nn.Module, names: Sequence[str] = ()) -> Blocks:
    """The parts of the model to shard.

    Args:
        names: of classes, as `Block`; without any each class that occurs twice or more inside lists
            and sequences of modules, where such a one lies in another, the outer.

    Raises:
        ConfigError: no part of the model is of a class that is named, or parameters are shared
            between two parts.
    """
    blocks = Blocks(_named(model, names) if names else _repeated(model))
    _check_shared(model, blocks)
    return blocks


def _named(model: nn.Module, names: Sequence[str]) -> dict[str, nn.Module]:
    parts = {path: part for path, part in model.named_modules() if path and _may_be_block(part)}
    classes = {type(part).__name__ for part in parts.values()}
    for name in names:
        if name not in classes:
            there = ", ".join(sorted(classes)) or "none"
            raise ConfigError(
                f"distributed_kwargs.shard names {name!r}, and no part of {type(model).__name__}"
                f" with parameters is of that class; there are {there}"
            )
    return {path: part for path, part in parts.items() if type(part).__name__ in names}


def _repeated(model: nn.Module) -> dict[str, nn.Module]:
    counts = Counter(
        type(child)
        for part in model.modules()
        if isinstance(part, _CONTAINERS)
        for child in part.children()
        if _may_be_block(child)
    )
    found: dict[str, nn.Module] = {}

    def search(part: nn.Module, path: str) -> None:
        for name, child in part.named_children():
            inner = f"{path}.{name}" if path else name
            repeats = isinstance(part, _CONTAINERS) and counts[type(child)] > 1
            if repeats and child is not model:
                if all(child is not other for other in found.values()):
                    found[inner] = child
            else:
                search(child, inner)

    search(model, "")
    return found


def _may_be_block(part: nn.Module) -> bool:
    """Whether it has parameters, and does more than hold others."""
    return type(part) not in _CONTAINERS and any(True for _ in part.parameters())


def _check_shared(model: nn.Module, blocks: Blocks) -> None:
    """Whether each parameter belongs to one block only.

    Raises:
        ConfigError: one belongs to two.
    """
    owners: dict[int, tuple[int, str]] = {}
    modules = {id(module) for module in blocks.modules.values()}

    def search(part: nn.Module, path: str, owner: int) -> None:
        owner = id(part) if id(part) in modules else owner
        for name, parameter in part.named_parameters(recurse=False):
            place = f"{path}.{name}" if path else name
            first, before = owners.setdefault(id(parameter), (owner, place))
            if first != owner and parameter.dim():
                raise ConfigError(
                    f"{before} and {place} of {type(model).__name__} are one parameter, and lie in"
                    " parts that would be sharded apart; name in distributed_kwargs.shard the"
                    " class of a part that holds both, or of parts that hold neither"
                )
        for name, child in part.named_children():
            search(child, f"{path}.{name}" if path else name, owner)

    search(model, "", id(model))
