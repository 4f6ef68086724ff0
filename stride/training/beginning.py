"""The beginning of an attempt: new, gone on with, or from what another run has learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from stride.store.run import Run


@dataclass(frozen=True)
class Beginning:
    """Where a training begins.

    Attributes:
        relation: `new` with fresh weights; `resumed` from the run's own newest checkpoint, or
            anew where it has none; `continued` in a new run from the newest checkpoint of another;
            `weights`: in a new run with the weights of another, all else fresh.
        run: the run that is gone on with, or whose checkpoint or weights are taken.
        weights: for `weights`: which of the run's, or the path of a safetensors file.
        settings: what this attempt at a resumed run changes: dotted keys to JSON values.
        overrides: the same as it was typed.
        notes: for the record of the attempt, such as changed code.
    """

    relation: Literal["new", "resumed", "continued", "weights"] = "new"
    run: Run | None = None
    weights: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


NEW = Beginning()
"""Fresh weights, step 0."""
