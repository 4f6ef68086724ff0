"""The group of commands: imports the one called, turns errors into a sentence and an exit code."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from stride.cli import answer
from stride.cli.commands import COMMANDS
from stride.cli.help_page import Rows, help_page
from stride.cli.parameters import as_text
from stride.cli.terminal import standard_output
from stride.cli.text import harmless
from stride.errors import (
    StoppedError,
    StoredFileError,
    StrideError,
    UsageError,
    VerificationError,
)

RUN_FAILED = 1
WRONG_USAGE = 2
NOT_VERIFIED = 3
BUG = 70
REQUEUE = 75
INTERRUPTED = 130

_LONGEST_SENTENCE = 2000
"""Characters: a value that somebody pasted is not read to its end."""


@dataclass(frozen=True)
class Completion:
    """What a shell may complete a word to, as Typer reads it."""

    value: str
    help: str
    type: str = "plain"


class Command(TyperCommand):
    """One command, with a help page of our own and parameters that stay text."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, the help option included."""
        return [as_text(parameter) for parameter in super().get_params(ctx)]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page."""
        formatter.write(help_page(self, ctx, tables=(), terminal=standard_output()))


class Group(TyperGroup):
    """All commands. The one spot where errors become exit codes."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, the help option included."""
        return [as_text(parameter) for parameter in super().get_params(ctx)]

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import and build a command; None where there is none of the name."""
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that is meant, or name the nearest."""
        name = args[0]
        if name not in COMMANDS and not ctx.resilient_parsing:
            near = get_close_matches(name.replace("_", "-").lower(), COMMANDS, n=1)
            hint = f"; did you mean {near[0]}?" if near else "; see stride --help"
            raise UsageError(f"there is no command {name!r}{hint}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Names of commands, with their line of help; none is imported for it. Or options."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        fitting = {name: entry for name, entry in COMMANDS.items() if name.startswith(incomplete)}
        return [Completion(name, entry.help) for name, entry in fitting.items()]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page: the commands by section."""
        sections: dict[str, Rows] = {}
        for name, entry in COMMANDS.items():
            sections.setdefault(entry.section, []).append((name, entry.help))
        page = help_page(self, ctx, tables=sections.items(), terminal=standard_output())
        formatter.write(page)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that is called; a reader that has gone away ends it quietly."""
        try:
            result = super().invoke(ctx)
            answer.flush()
            return result
        except BrokenPipeError:
            _abandon_standard_output()
            return None
        except KeyboardInterrupt as error:
            raise typer.Abort(*error.args) from None

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line and exit with its code, whatever `standalone_mode` says."""
        sys.exit(self._run(args, prog_name, complete_var, extra))

    def _run(
        self,
        args: Sequence[str] | None,
        prog_name: str | None,
        complete_var: str | None,
        extra: dict[str, Any],
    ) -> int:
        try:
            # Not standalone: errors come to us, and are not printed by Typer.
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            return int(code or 0)
        except typer.TyperException as error:
            return _say(_sentence(error), WRONG_USAGE)
        except (StoredFileError, VerificationError) as error:
            return _say(str(error), NOT_VERIFIED)
        except UsageError as error:
            return _say(str(error), WRONG_USAGE)
        except StoppedError as error:
            return _say(str(error), REQUEUE)
        except StrideError as error:
            return _say(str(error), RUN_FAILED)
        except typer.Abort as error:
            return _say(str(error) or "interrupted", INTERRUPTED)
        except Exception as error:  # noqa: BLE001  whatever is left is a bug, and is shown as one
            traceback.print_exc()
            return _say(f"this is a bug in stride ({type(error).__name__}: {error})", BUG)


def load_command(name: str) -> Command:
    """Import the module of a command and build it from its function.

    Raises:
        KeyError: there is no such command.
    """
    entry = COMMANDS[name]
    module = import_module(entry.module)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, cls=Command, epilog="\n".join(module.EXAMPLES))(
        getattr(module, entry.function or name.replace("-", "_"))
    )
    command = get_command(app)
    assert isinstance(command, Command)
    return command


def _say(sentence: str, code: int) -> int:
    """One line on standard error."""
    sys.stdout.flush()
    line = harmless(" ".join(sentence.split()))
    if len(line) > _LONGEST_SENTENCE:
        half = _LONGEST_SENTENCE // 2
        line = f"{line[:half]} … {line[-half:]}"
    sys.stderr.write(f"error: {line}\n")
    return code


def _sentence(error: Any) -> str:
    """Typer's message in the form of ours: no capital, no full stop, the nearest, where to look."""
    message: str = error.format_message()
    message = re.sub(r"^No such option: (\S+)", r"there is no option \1", message)
    message, nearest = re.subn(
        r" \(Possible options: ([^,)]+).*\)$", r"; did you mean \1?", message
    )
    sentence = message[:1].lower() + message[1:].removesuffix(".")
    extra = re.match(r"got unexpected extra arguments? \((.*)\)$", sentence.replace("(s)", ""))
    if extra:
        return _extra_sentence(extra[1])
    context = getattr(error, "ctx", None)
    if nearest or "; did you mean" in sentence or context is None:
        return sentence
    return f"{sentence}; see {context.command_path} --help"


def _extra_sentence(extra: str) -> str:
    """What is too much, and what was probably meant."""
    sentence = f"there is no place for {extra}"
    if extra[-1] in "])}":
        return f"{sentence}; a shell splits at blanks: quote the value, or write a list as 64,64"
    if re.match(r"[A-Za-z_][\w.]*=", extra):
        return f"{sentence}; settings are given as --config {extra.split()[0]}"
    return sentence


def _abandon_standard_output() -> None:
    """Send what is left to be written nowhere: the interpreter's last flush is quiet too."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
