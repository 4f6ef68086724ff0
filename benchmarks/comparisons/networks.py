"""The time of a step of residual networks and a transformer: stride beside every loop."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.group import Group
from benchmarks.loops import NAMES, PACKAGES, compare, loops
from benchmarks.setting import Setting

TITLE = "A training step of larger models"
REMARKS = (
    "As above, in epochs of 400 steps and with 128 samples of validation: a residual network of"
    " three blocks on 8 x 8 images at batches of 64 and on 32 x 32 images at batches of 16, and a"
    " transformer of two layers on 32 tokens at batches of 8. stride and the two hand-written"
    " loops: the lowest of 20 epochs; the others, on which no bar hangs, the lowest of 5 of these"
    " rounds: with fewer to choose from they look a little slower than they are."
)
_PROBLEMS = (
    ("a step of the ResNet, 8 x 8", "resnet8"),
    ("a step of the ResNet, 32 x 32", "resnet32"),
    ("a step of the transformer", "transformer"),
)


def groups(setting: Setting) -> Iterator[Group]:
    """The three networks, every peer taking part seldom; quickly the first only."""
    steps = setting.choose(400, 4)
    names = ("stride", *NAMES)
    for what, kind in _PROBLEMS[: setting.choose(len(_PROBLEMS), 1)]:
        group = Group(what, setting.choose(20, 1), count=steps, figure="lowest")
        makes = loops(setting, f"networks-{kind}", names, kind=kind, steps=steps)
        group.measure(makes, seldom=PACKAGES)
        compare(group, names, {"hand_written": 1.02})
        yield group
