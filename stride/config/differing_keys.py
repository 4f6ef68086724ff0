"""The config keys in which runs differ: those that tell something, and those that only follow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stride.config.differences import differing_leaves, same
from stride.config.identity import UNCHANGING

Values = dict[str, tuple[Any, ...]]
"""Dotted key to one value a run, ABSENT where a run has none."""


@dataclass(frozen=True)
class DifferingKeys:
    """Keys in the order in which they are worth a look.

    Attributes:
        telling: names of things, then what people chose, then the rest.
        following: what nobody chose, and what is the same wherever the same things are named: the
            arguments of one model, which another does not have.
        names: the names that those follow from.
    """

    telling: Values
    following: Values
    names: tuple[str, ...]


def differing_keys(leaves: Sequence[Mapping[str, Any]], chosen: Collection[str]) -> DifferingKeys:
    """Sort the keys that differ.

    Args:
        leaves: the settings of each run, flat.
        chosen: keys that somebody chose, in any of the runs.
    """
    found = differing_leaves(leaves)
    names = [key for key in found if is_name(key)]
    following: Values = {}
    origins: dict[str, None] = {}
    for key, values in found.items():
        above = [name for name in names if name != key and key.startswith(governed_by(name))]
        if key not in chosen and above and _follows(values, [found[name] for name in above]):
            following[key] = values
            origins |= dict.fromkeys(above)
    telling = sorted(found.keys() - following.keys(), key=_ranking(list(found), chosen))
    return DifferingKeys(
        {key: found[key] for key in telling},
        following,
        tuple(name for name in telling if name in origins),
    )


def is_name(key: str) -> bool:
    """Whether a key names a thing: a model, an optimiser, a loss."""
    return key.endswith("_name")


def governed_by(name: str) -> str:
    """How the arguments of what a key names begin: its neighbours, or the group of its kind."""
    group, _, last = name.rpartition(".")
    arguments = f"{last.removesuffix('_name')}_kwargs"
    if group.rpartition(".")[2] == arguments:
        return f"{group}."
    return f"{group}.{arguments}." if group else f"{arguments}."


def _follows(values: tuple[Any, ...], names: Sequence[tuple[Any, ...]]) -> bool:
    """Whether the values are the same wherever the names are the same."""
    first: dict[str, Any] = {}
    for index, value in enumerate(values):
        named = repr([each[index] for each in names])
        if not same(first.setdefault(named, value), value):
            return False
    return True


def _ranking(order: list[str], chosen: Collection[str]) -> Any:
    place = {key: index for index, key in enumerate(order)}

    def rank(key: str) -> tuple[bool, bool, bool, int]:
        return not is_name(key), key not in chosen, key in UNCHANGING, place[key]

    return rank


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """The shortest distinct ends of dotted keys: `lr`, `train_loader_kwargs.batch_size`."""
    ends = {key: [key.split(".", cut)[-1] for cut in range(key.count("."), -1, -1)] for key in keys}
    uses: dict[str, int] = {}
    for end in (end for candidates in ends.values() for end in candidates):
        uses[end] = uses.get(end, 0) + 1
    return {key: next(end for end in ends[key] if uses[end] == 1 or end == key) for key in keys}


def following_text(keys: DifferingKeys) -> str:
    """What is not shown, in words: `19 keys that follow from model_name`; "" for none."""
    if not keys.following:
        return ""
    what = (
        "1 key that follows"
        if len(keys.following) == 1
        else f"{len(keys.following)} keys that follow"
    )
    return f"{what} from {', '.join(short_names(keys.names).values())}"
