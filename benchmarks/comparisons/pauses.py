"""The longest pause of the garbage collection while steps are made."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.group import Group
from benchmarks.loops import loops
from benchmarks.setting import Setting

TITLE = "Pauses of the garbage collection"
REMARKS = (
    "The longest collection between the first and the last step of an epoch of 2,000 steps of the"
    " MLP, log rows included, as `gc.callbacks` sees it: the highest of six epochs, the first"
    " included. In the second row a million small dictionaries and lists are alive meanwhile, as a"
    " data set of records holds them."
)
_LIMIT = 5e-3


def groups(setting: Setting) -> Iterator[Group]:
    """In a process that holds nothing else, and beside many objects; quickly the second only."""
    steps = setting.choose(2_000, 10)
    names = ("stride", "hand_written")
    cases = (
        ("longest pause in an epoch", 0),
        ("longest pause, a million objects alive", setting.choose(500_000, 1_000)),
    )
    for what, objects in cases[setting.choose(0, 1) :]:
        group = Group(what, setting.choose(6, 1), figure="highest", warms_up=False)
        group.measure(
            loops(
                setting, f"pauses-{objects}", names, kind="mlp", steps=steps, pauses_among=objects
            )
        )
        group.compare("hand_written", name="hand-written loop", limit=_LIMIT)
        yield group
