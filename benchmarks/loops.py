"""The training loops that are compared: how each is made, and what the table calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchmarks.contestant import Contestant
from benchmarks.group import Group
from benchmarks.setting import Setting

_MODULES = "benchmarks.contestants"

OWN = ("stride", "hand_written", "hand_tuned")
"""Those that need nothing but the environment of the project."""

PACKAGES = {
    "ignite": "pytorch-ignite",
    "fabric": "lightning",
    "accelerate": "accelerate",
    "hugging_face": "transformers",
    "lightning": "lightning",
}
"""The package of each peer."""

NAMES = {
    "hand_written": "hand-written loop",
    "hand_tuned": "hand-tuned loop",
    "ignite": "Ignite",
    "fabric": "Fabric",
    "accelerate": "Accelerate",
    "hugging_face": "Trainer of transformers",
    "lightning": "Lightning, its defaults",
}

Makes = dict[str, Callable[[], Contestant] | str]


def loops(setting: Setting, label: str, names: Iterable[str], **problem: object) -> Makes:
    """A contestant for each name, all with the same problem.

    Args:
        label: of their folders.
        problem: attributes of `step_problem.Problem`.
    """
    makes: Makes = {}
    for name in names:
        folder = setting.folder(f"{label}-{name}")
        arguments = {"folder": str(folder), **problem}
        module = f"{_MODULES}.step_{name}"
        if name in OWN:
            makes[name] = setting.own(module, **arguments)
        else:
            makes[name] = setting.peer(PACKAGES[name], module, **arguments)
    return makes


def compare(group: Group, names: Iterable[str], bars: dict[str, float]) -> None:
    """A row for each name but stride's own, with the bar where there is one."""
    for name in names:
        if name != "stride":
            group.compare(name, bars.get(name), NAMES[name])
