"""The time of a step of a small model: stride beside hand-written loops and every peer."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.group import Group
from benchmarks.loops import NAMES, OWN, compare, loops
from benchmarks.setting import Setting

TITLE = "A training step of a small model"
REMARKS = (
    "An MLP 64-64-10 at batches of 32, in epochs of 2,000 steps; the lowest of 20 interleaved"
    " epochs over its steps, one thread for all. Every loop computes the same loss and accuracy,"
    " logs a row every 50 steps, validates on 1,024 samples, appends an epoch row and writes a"
    " checkpoint of model and optimiser at the end of each epoch; stride looks at each loss for nan"
    " as well, writes the weights that became best, verifies its checkpoints and keeps two of them."
    " Hand-written: `DataLoader(TensorDataset)` and default AdamW. Hand-tuned: batched indexing and"
    " fused AdamW. Fabric and Accelerate are the hand-written loop with their objects in it;"
    " Ignite, the Trainer of transformers and Lightning are loops, rows and checkpoints of their"
    " own. transformers chooses fused AdamW by itself."
)
_BARS = {"hand_written": 0.65, "hand_tuned": 1.05, "lightning": 0.25}


def groups(setting: Setting) -> Iterator[Group]:
    """Without clipping beside all; with it beside those that have a bar. Quickly the first only."""
    steps = setting.choose(2_000, 10)
    problems: tuple[tuple[str, float | None, tuple[str, ...]], ...] = (
        ("a step of the MLP", None, ("stride", *NAMES)),
        ("a step of the MLP, gradients clipped", 1.0, (*OWN, "lightning")),
    )
    for what, clip_norm, names in problems[: setting.choose(2, 1)]:
        group = Group(what, setting.choose(20, 1), count=steps, figure="lowest")
        label = f"steps-{clip_norm}"
        group.measure(loops(setting, label, names, kind="mlp", steps=steps, clip_norm=clip_norm))
        compare(group, names, _BARS)
        yield group
