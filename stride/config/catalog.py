"""The catalog: what the config floor is told about the things that a name can pick."""

from __future__ import annotations

from typing import Final, Protocol

from stride.config.signature import Signature

KINDS: Final = (
    *("task", "dataset", "model", "loss", "optimizer", "scheduler"),
    *("sampler", "collate", "callback"),
)
"""What a `*_name` key can pick; `loss_name` inside any signature picks a loss, and so on."""


class Catalog(Protocol):
    """Names and signatures of tasks, data sets, models, losses, optimisers and schedulers.

    The config floor imports nothing above it: the floor that owns the things hands in a catalog.
    """

    def names(self, kind: str) -> tuple[str, ...]:
        """The built-in names of a kind; asking imports no code of the user's."""
        ...

    def signature(self, kind: str, name: str) -> Signature:
        """The arguments of a thing: a built-in, `package.module:Name` or `path/file.py:Name`.

        Raises:
            ConfigError: no such built-in; the sentence names the nearest.
            CodeReferenceError: the reference does not resolve, or not to a thing of the kind.
        """
        ...
