"""The help page of a command: usage, what it does, arguments, options, commands, examples."""

from __future__ import annotations

import inspect
import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from stride.cli.terminal import Terminal
from stride.cli.text import width_of

_WIDEST = 100
_WIDEST_TERM = 30

Rows = list[tuple[str, str]]
"""Terms and what they mean."""


def width_of_page() -> int:
    """Columns of a help page: as the terminal, or the variable COLUMNS, has them; 60 to 100."""
    return max(60, min(shutil.get_terminal_size((_WIDEST, 40)).columns, _WIDEST))


def help_page(
    command: Any, ctx: Any, *, tables: Iterable[tuple[str, Rows]], terminal: Terminal
) -> str:
    """The page as text.

    Args:
        command: of Typer; its help is the text, its epilog the lines of the examples.
        ctx: of the call.
        tables: more sections than arguments and options: a heading and its rows.
        terminal: whether the page is coloured.
    """
    width = width_of_page()
    sections = [_usage(command, ctx, terminal), _prose(command.help or "", width)]
    for heading, rows in (*tables, *_parameters(command, ctx)):
        if rows:
            sections.append(_heading(heading, terminal) + "\n" + _table(rows, width, terminal))
    if command.epilog:
        sections.append(_heading("Examples", terminal) + "\n" + _examples(command.epilog, terminal))
    return "\n\n".join(sections)


def _usage(command: Any, ctx: Any, terminal: Terminal) -> str:
    # Typer puts braces around what is required; the brackets around what is not tell it already.
    pieces = " ".join(command.collect_usage_pieces(ctx)).replace("{", "").replace("}", "")
    return f"{terminal.paint('Usage:', 'bold')} {ctx.command_path} {pieces}"


def _prose(text: str, width: int) -> str:
    """Paragraphs are filled; indented ones are left as they are."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        paragraph if paragraph.startswith(" ") else textwrap.fill(paragraph, width)
        for paragraph in paragraphs
    )


def _heading(text: str, terminal: Terminal) -> str:
    return terminal.paint(f"{text}:", "bold")


def _parameters(command: Any, ctx: Any) -> Iterator[tuple[str, Rows]]:
    shown = [parameter for parameter in command.get_params(ctx) if not parameter.hidden]
    for heading, kind in (("Arguments", "argument"), ("Options", "option")):
        rows = [(_term(each), _meaning(each)) for each in shown if each.param_type_name == kind]
        yield heading, rows


def _term(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        several = "..." if parameter.nargs == -1 else ""
        return f"{parameter.metavar or parameter.name.upper()}{several}"
    names = sorted(parameter.opts, key=len)
    indent = "" if len(names) > 1 else "    "
    value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
    return f"{indent}{', '.join(names)}{value}"


def _meaning(parameter: Any) -> str:
    """The help of a parameter, with its default."""
    text = " ".join((parameter.help or "").split())
    default = parameter.default
    if parameter.show_default and isinstance(default, str):
        return f"{text} [default: {default}]"
    return text


def _table(rows: Rows, width: int, terminal: Terminal) -> str:
    column = min(_WIDEST_TERM, max(width_of(term) for term, _ in rows))
    lines = []
    for term, meaning in rows:
        filled = textwrap.wrap(meaning, width - column - 4) or [""]
        padding = " " * max(0, column - width_of(term))
        if width_of(term) > column:
            lines.append(f"  {terminal.paint(term, 'cyan')}")
        else:
            lines.append(f"  {terminal.paint(term, 'cyan')}{padding}  {filled.pop(0)}".rstrip())
        lines.extend(" " * (column + 4) + line for line in filled)
    return "\n".join(lines)


def _examples(epilog: str, terminal: Terminal) -> str:
    """Command lines; what comes after two spaces and # is a remark; remarks are aligned."""
    lines = [re.split(r"\s{2,}#\s*", line, maxsplit=1) for line in epilog.splitlines()]
    column = max((len(line[0]) for line in lines if len(line) > 1), default=0)
    drawn = []
    for line in lines:
        remark = ""
        if len(line) > 1:
            remark = " " * (column - len(line[0])) + terminal.paint(f"  # {line[1]}", "dim")
        drawn.append(f"  {line[0]}{remark}")
    return "\n".join(drawn)
