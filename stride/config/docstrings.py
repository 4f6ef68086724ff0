"""Docstrings: the line of help that each argument has in them."""

from __future__ import annotations

import re
from typing import Final

_HEADING: Final = re.compile(r"^\s*(Args|Arguments|Parameters|Keyword Args|Keyword Arguments):\s*$")
_BRACKETS: Final = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
_ENTRY: Final = re.compile(rf"^(\s*)\*{{0,2}}(\w+)\s*(?:{_BRACKETS})?\s*:(?!:)\s*(.*)$")
_LONGEST: Final = 160


def argument_helps(docstring: str) -> dict[str, str]:
    """One line of help an argument, from the `Args:` section of a docstring.

    Understands Google's `name: text` and torch's `name (type, optional): text`; the text may
    begin on the next line. Only the first sentence is kept, without markup and `(default: ...)`.
    """
    helps: dict[str, str] = {}
    lines = docstring.expandtabs().split("\n")
    for index, line in enumerate(lines):
        if _HEADING.match(line):
            for name, text in _entries(lines[index + 1 :]).items():
                helps.setdefault(name, _one_line(text))
    return helps


def _entries(lines: list[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    indent = -1
    current = ""
    for line in lines:
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip())
        entry = _ENTRY.match(line)
        if indent < 0 and entry is None:
            break
        if indent < 0:
            indent = depth
        if depth < indent:
            break
        if depth == indent:
            current = entry.group(2) if entry else ""
            if entry:
                found[current] = [entry.group(3)]
        elif current:
            found[current].append(line.strip())
    return {name: " ".join(texts) for name, texts in found.items()}


def _one_line(text: str) -> str:
    text = re.sub(r":\w+(?::\w+)*:`~?([^`<]*?)\s*(?:<[^`]*>)?`", r"\1", text)
    text = re.sub(r"`([^`<]*?)\s*<[^`]*>`_*", r"\1", text)
    text = re.sub(r"`+_*", "", text).replace("\\", "").replace("*", "")
    text = re.sub(r"\s*\(\s*[Dd]efaults?\b:?[^()]*(?:\([^()]*\)[^()]*)*\)", "", text)
    text = re.sub(r"\s*\b[Dd]efaults?(?::| is| to)\s.*$", "", text)
    text = re.sub(r"\s+", " ", text).strip()
    sentence = re.match(r"(.*?[^.\s][^.\s])\.(?=\s+[A-Z`]|\s*$)", text)
    line = (sentence.group(1) if sentence else text).rstrip(" .,;:")
    if len(line) > _LONGEST:
        line = line[:_LONGEST].rsplit(" ", 1)[0].rstrip(" ,;:") + " ..."
    return line
