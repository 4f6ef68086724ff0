"""The page of a lineage: trees of runs, one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from stride.cli.status import STYLES
from stride.cli.terminal import Terminal
from stride.cli.text import harmless
from stride.cli.value import NOTHING, metric_text, value_text
from stride.config.differences import ABSENT
from stride.config.differing_keys import short_names
from stride.report.relatives import Lineage, Link
from stride.store.parents import Whereabouts

_CHANGES: Final = 4
"""Changed keys that a line names; the others are counted."""

_DEEPEST: Final = 24
"""Levels that are indented; what is deeper stands below each other."""

Branches = Callable[[str], Sequence[tuple[str, Link]]]
"""The next level below a run: the key of each, and how the two are related."""


def draw_lineage(lineage: Lineage, terminal: Terminal) -> Iterator[str]:
    """The lines: of a run what it was made from, itself, and what was made from it; of an
    experiment every tree."""
    page = _Page(lineage, terminal)
    if lineage.start is None:
        for root in lineage.roots():
            yield page.line(root, "", None)
            yield from page.tree(root, page.children)
        if lineage.unrelated:
            runs = "1 run has" if lineage.unrelated == 1 else f"{lineage.unrelated} runs have"
            others = "other " if lineage.relatives else ""
            yield f"{runs.replace(' ', f' {others}', 1)} neither parents nor children"
        elif not lineage.relatives:
            yield "no runs yet"
        return
    before = _Page(lineage, terminal)
    parents = [*before.tree(lineage.start, before.parents)]
    children = [*page.tree(lineage.start, page.children)]
    if parents:
        yield terminal.paint("made from", "bold")
        yield from parents
        yield ""
    yield page.line(lineage.start, "", None)
    if children:
        yield from children
    if not parents and not children:
        yield "it was made from no other run, and none from it"


class _Page:
    """Draws trees; a run that stands above already is not gone into again."""

    def __init__(self, lineage: Lineage, terminal: Terminal) -> None:
        self._lineage = lineage
        self._terminal = terminal
        self._drawn: set[str] = set()

    def parents(self, key: str) -> list[tuple[str, Link]]:
        """What a run was made from."""
        return [(link.key, link) for link in self._lineage.relatives[key].parents]

    def children(self, key: str) -> list[tuple[str, Link]]:
        """What was made from a run."""
        relatives = self._lineage.relatives
        return [
            (child, link)
            for child in self._lineage.children.get(key, ())
            for link in relatives[child].parents
            if link.key == key
        ]

    def tree(self, start: str, branches: Branches) -> Iterator[str]:
        """The lines below a run."""
        entered = {start}
        waiting = [(*each, "") for each in reversed(_with_last(branches(start)))]
        while waiting:
            key, link, is_last, before = waiting.pop()
            again = key in entered or (key in self._drawn and bool(branches(key)))
            sign = "└─ " if is_last else "├─ "
            line = self.line(key, before + sign, link)
            others = self._others(key, link) if branches == self.children else ""
            mark = self._terminal.paint("  (above)", "dim") if again and branches(key) else ""
            yield f"{line}{others}{mark}"
            if again:
                continue
            entered.add(key)
            self._drawn.add(key)
            deeper = before + ("   " if is_last else "│  ")
            if len(deeper) > 3 * _DEEPEST:
                deeper = before
            below = _with_last(branches(key))
            waiting += [(*each, deeper) for each in reversed(below)]

    def _others(self, key: str, link: Link) -> str:
        """The other parents of a run that stands below one of them."""
        relatives = self._lineage.relatives
        others = [each for each in relatives[key].parents if each is not link]
        named = [
            f"{harmless(each.relation)} of {harmless(relatives[each.key].address)}"
            for each in others
        ]
        return f"  (also {', '.join(named)})" if named else ""

    def line(self, key: str, before: str, link: Link | None) -> str:
        """One run: where it is, its status, its best metric, and how it is related."""
        relative, paint = self._lineage.relatives[key], self._terminal.paint
        parts = [paint(harmless(relative.address), "bold" if link is None else "cyan")]
        if relative.whereabouts not in (Whereabouts.HERE, Whereabouts.MOVED):
            parts.append(paint(str(relative.whereabouts), "yellow"))
        elif relative.status is not None:
            parts.append(paint(relative.status, STYLES.get(relative.status, "")))
        if relative.monitor is not None:
            parts.append(f"{harmless(relative.monitor)}={metric_text(relative.best)}")
        if link is not None:
            parts.append(_link_text(link))
        return before + "  ".join(parts)


def _with_last(branches: Sequence[tuple[str, Link]]) -> list[tuple[str, Link, bool]]:
    return [(*each, index == len(branches)) for index, each in enumerate(branches, start=1)]


def _link_text(link: Link) -> str:
    """How two runs are related: `changed config: lr 0.001 → 0.0003`."""
    relation = harmless(link.relation)
    if not link.changes:
        return relation
    names = short_names(list(link.changes))
    shown = [
        f"{harmless(names[key])} {_value_text(before)} → {_value_text(after)}"
        for key, (before, after) in list(link.changes.items())[:_CHANGES]
    ]
    more = len(link.changes) - len(shown)
    return f"{relation}: {', '.join(shown)}" + (f" and {more} more keys" if more else "")


def _value_text(value: Any) -> str:
    return NOTHING if value is ABSENT else value_text(value)
