"""Weights of a part: loaded from a file as far as names and shapes match, and what did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from stride.config.nearest import nearest
from stride.errors import ConfigError, DataError, StoredFileError
from stride.files import read_content
from stride.training.weights import decode_weights

_SHOWN = 4
"""Names that a sentence lists."""

_PICKLES = (".pt", ".pth", ".bin", ".ckpt")

Shapes = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class Match:
    """What became of the weights of a file; keys are those of the module, in its order.

    Attributes:
        source: the file, or "the tensors".
        loaded: taken over.
        missing: of the module, in the part that was filled; left as they were.
        unexpected: of the file, under the prefix; not used. Keys as in the file.
        mismatched: in both, with different shapes; left as they were. Shape in the file, shape in
            the module.
    """

    source: str
    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: Mapping[str, Shapes]

    @property
    def whole(self) -> bool:
        """Whether the part was filled completely, and nothing was left over."""
        return not (self.missing or self.unexpected or self.mismatched)

    @property
    def sentence(self) -> str:
        """What was loaded and what not, for a log."""
        count = len(self.loaded)
        notes = [f"{count} {'tensor' if count == 1 else 'tensors'} loaded from {self.source}"]
        if self.missing:
            notes.append(f"not in it: {_listed(self.missing)}")
        if self.mismatched:
            shapes = [f"{key} {was} here {here}" for key, (was, here) in self.mismatched.items()]
            notes.append(f"of another shape: {_listed(shapes)}")
        if self.unexpected:
            notes.append(f"not used: {_listed(self.unexpected)}")
        return "; ".join(notes)


def load_matching(
    module: nn.Module,
    path_or_tensors: str | Path | Mapping[str, Tensor],
    *,
    prefix: str = "",
    into: str = "",
    source: str | None = None,
) -> Match:
    """Load weights of a file into a module, or into a part of it, where name and shape agree.

    Args:
        module: that is changed; its device and number types stay.
        path_or_tensors: a safetensors file, or tensors by key. A pickle is never opened.
        prefix: of the keys that are taken from the file, without it: `encoder.`.
        into: the part of the module that is filled: `backbone`; all of it by default.
        source: what sentences call the weights; the path of the file by default.

    Raises:
        DataError: there is no such file, or it is no safetensors file.
        ConfigError: nothing in it matches, or the module has no such part.
    """
    tensors = path_or_tensors
    if isinstance(tensors, str | Path):
        source, tensors = source or str(tensors), _read(Path(tensors))
    source = source or "the tensors"
    part = _part(module, into.removesuffix("."))
    start = f"{into.removesuffix('.')}." if into else ""
    stored = {
        key.removeprefix(prefix): tensor
        for key, tensor in tensors.items()
        if key.startswith(prefix)
    }
    own = {key: value for key, value in part.state_dict().items() if isinstance(value, Tensor)}
    mismatched = {
        start + key: (tuple(stored[key].shape), tuple(value.shape))
        for key, value in own.items()
        if key in stored and stored[key].shape != value.shape
    }
    taken = {key: stored[key] for key in own if key in stored and start + key not in mismatched}
    if not taken:
        raise ConfigError(
            _nothing(source, sorted(tensors), [prefix + key for key in own], mismatched)
        )
    part.load_state_dict(taken, strict=False)
    return Match(
        source=source,
        loaded=tuple(start + key for key in taken),
        missing=tuple(start + key for key in own if key not in stored),
        unexpected=tuple(prefix + key for key in stored if key not in own),
        mismatched=mismatched,
    )


def _read(path: Path) -> dict[str, Tensor]:
    path = path.expanduser()
    try:
        return decode_weights(read_content(path), path)
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; name a file of weights") from error
    except StoredFileError as error:
        hint = ""
        if path.suffix in _PICKLES:
            hint = (
                "; it looks like a pickle, which stride never opens: convert it where you trust it,"
                " with safetensors.torch.save_file(torch.load(...), ...)"
            )
        raise DataError(f"{error}{hint}") from error


def _part(module: nn.Module, into: str) -> nn.Module:
    try:
        return module.get_submodule(into)
    except AttributeError as error:
        parts = [name for name, _ in module.named_modules() if name]
        near = nearest(into, parts)
        hint = f"did you mean {near}?" if near else f"there are {_listed(parts)}"
        raise ConfigError(f"{type(module).__name__} has no part {into!r}; {hint}") from error


def _nothing(
    source: str, there: Sequence[str], wanted: Sequence[str], mismatched: Mapping[str, Shapes]
) -> str:
    if mismatched:
        key, (was, here) = next(iter(mismatched.items()))
        return f"no weights of {source} fit: {key} has shape {was} there and {here} here"
    return (
        f"no weights of {source} are those that are wanted: it holds {_listed(there) or 'none'};"
        f" wanted are {_listed(wanted) or 'none'}; load_matching"
        " finds the same weights under other names with prefix= and into="
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
