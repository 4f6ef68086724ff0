"""The things that a config names, called: what the data settles is filled in, what they refuse is
said.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stride.config.catalog import KINDS
from stride.config.schema import NAMED_GROUPS, Config, Named
from stride.config.thing_lists import named_elements
from stride.errors import ConfigError, StrideError
from stride.store.record import CodeRecord
from stride.training.references import is_reference, load_reference, load_thing

if TYPE_CHECKING:  # its module needs torch, and `stride create` comes by here
    from stride.training.callbacks import Callback

OBJECT = "object:"
"""Begins the name of what was handed over as a Python object; no config can build it."""


def build_thing(
    kind: str,
    named: Named,
    facts: Mapping[str, Any],
    *,
    code: Path | None = None,
    where: str | None = None,
    first: Sequence[Any] = (),
    **given: Any,
) -> tuple[Any, dict[str, Any]]:
    """Call what a group of the config names, and give what it made and the arguments that the data
    settled.

    Args:
        facts: what the data says about itself; an argument of such a name that the config leaves at
            None gets it.
        code: a folder to take the user's own code from, instead of where it was.
        where: the key of the thing, for sentences; its group unless given.
        first: arguments before all others, whatever they are called.
        given: arguments that are no settings, such as the split of a data set.

    Raises:
        ConfigError: it refuses its arguments; the sentence says where in its code.
        CodeReferenceError: the name does not resolve, or a function gave something else than it
            promised.
    """
    if named.name is None:
        raise ConfigError(f"{kind}_kwargs.{kind}_name must name a {kind}")
    reference = load_thing(kind, named.name, code=code)
    settled = {
        name: fact
        for name, fact in facts.items()
        if fact is not None and name in named.arguments and named.arguments[name] is None
    }
    try:
        arguments = {**_relocated(named.arguments, code), **settled, **given}
        return reference.build(*first, **arguments), settled
    except (StrideError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"{where or f'{kind}_kwargs'}: {named.name} cannot be built:"
            f" {type(error).__name__}: {error}{_place(error)}"
        ) from error


def _relocated(arguments: Mapping[str, Any], code: Path | None) -> dict[str, Any]:
    """The arguments with files that they name (`loss_name`) taken from the folder `code`."""
    if code is None:
        return dict(arguments)
    moved = dict(arguments)
    for key, value in arguments.items():
        if key.endswith("_name") and isinstance(value, str):
            where, colon, attribute = value.rpartition(":")
            if colon and where.endswith(".py"):
                moved[key] = f"{code / Path(where).name}:{attribute}"
    return moved


def build_callbacks(config: Config) -> list[Callback]:
    """The callbacks that the config names, in its order.

    Raises:
        ConfigError: one refuses its arguments, or its package is not installed.
        CodeReferenceError: a name does not resolve.
    """
    return [
        build_thing("callback", named, {}, where=f"log_kwargs.callbacks.{index}")[0]
        for index, named in enumerate(callbacks_of(config))
    ]


def code_of(config: Config) -> tuple[CodeRecord, ...]:
    """What a config names of the user's own: reference, file and digest."""
    records = []
    for kind, name in dict.fromkeys(_names(config)):
        if is_reference(name) and not name.startswith(OBJECT):
            found = load_reference(kind, name)
            path = None if found.path is None else str(found.path)
            records.append(CodeRecord(reference=name, path=path, digest=found.digest))
    return tuple(records)


def callbacks_of(config: Config) -> list[Named]:
    """The callbacks that a config names.

    Raises:
        ConfigError: an element of `log_kwargs.callbacks` names none.
    """
    return named_elements("callback", config.log_kwargs.callbacks, ("log_kwargs", "callbacks"))


def _names(config: Config) -> Iterator[tuple[str, str]]:
    """The kind and name of each thing that is named, also inside the arguments of another
    (`loss_name`).
    """
    for group, kind in NAMED_GROUPS.items():
        named = getattr(config, group)
        if named.name is not None:
            yield kind, named.name
        for key, value in named.arguments.items():
            inner = key.removesuffix("_name")
            if inner != key and inner in KINDS and isinstance(value, str):
                yield inner, value
            if (group, key) == ("scheduler_kwargs", "schedulers") and isinstance(value, list):
                elements = named_elements("scheduler", value, (group, key))
                yield from (("scheduler", each.name or "") for each in elements)
    loaders = config.load_data_kwargs
    train = loaders.train_loader_kwargs
    if train.sampler_name is not None:
        yield "sampler", train.sampler_name
    for settings in (train, loaders.val_loader_kwargs, loaders.test_loader_kwargs):
        if settings.collate_name is not None:
            yield "collate", settings.collate_name
    for named in callbacks_of(config):
        if named.name is not None:
            yield "callback", named.name


def _place(error: BaseException) -> str:
    """Where the exception was raised: the innermost line, for the user's own code."""
    frames = traceback.extract_tb(error.__traceback__)
    return f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
