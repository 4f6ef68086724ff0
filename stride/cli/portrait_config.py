"""The config of a run on its page: what people chose, what an attempt changed, what was found."""

from __future__ import annotations

from typing import Any

from stride.cli.page import Section
from stride.cli.table import Cell
from stride.cli.text import harmless
from stride.cli.value import NOTHING, value_text
from stride.config.differences import ABSENT, flatten
from stride.report.portrait import Portrait


def config_section(portrait: Portrait, every: bool) -> Section:
    """Keys that people chose, marked, then the names of things, and how many defaults there are.

    With `every` the defaults themselves, all in the order of the config.
    """
    leaves = flatten(portrait.settings)
    removed = {key: ABSENT for key in portrait.row.changed if key not in leaves}
    settings: dict[str, Any] = {**leaves, **removed}
    chosen = {key for key in settings if key in portrait.row.chosen}
    shown = settings if every else {key: settings[key] for key in _short(settings, chosen)}
    pairs = [(harmless(key), Cell(_text(portrait, key, shown[key]))) for key in shown]
    hidden = len(settings) - len(shown)
    if hidden:
        address = harmless(portrait.row.run.address)
        pairs.append((f"{hidden} defaults", Cell(f"stride show {address} --all", "dim")))
    return Section("Config (* chosen)", pairs, marked=frozenset(map(harmless, chosen)))


def _short(settings: dict[str, Any], chosen: set[str]) -> list[str]:
    """What was chosen, then the things that are named by default."""
    names = [key for key in settings if key.endswith("_name") and settings[key] is not None]
    return list(dict.fromkeys([*(key for key in settings if key in chosen), *names]))


def _text(portrait: Portrait, key: str, value: Any) -> str:
    """A value, with what config.json has where an attempt changed it."""
    text = NOTHING if value is ABSENT else value_text(value)
    change = portrait.row.changed.get(key)
    if change is None:
        return text
    before = NOTHING if change.before is ABSENT else value_text(change.before)
    return f"{text} (by attempt {change.attempt}; before it {before})"


def found_section(portrait: Portrait) -> Section:
    """What data and machine decided; a fact that a config key repeats is told once."""
    found = portrait.record.resolved
    told = {key.rpartition(".")[2] for key in found if "." in key}
    pairs = [(k, value_text(v)) for k, v in found.items() if "." in k or k not in told]
    return Section("Found", [(harmless(key), Cell(text)) for key, text in pairs])
