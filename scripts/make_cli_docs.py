"""Write docs/cli.md from the help pages of the commands and the fields of their JSON answers.

python scripts/make_cli_docs.py            # write it
python scripts/make_cli_docs.py --check    # exit 1 if it is stale
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

os.environ["COLUMNS"] = "90"  # help pages follow the width of the terminal

from typer.testing import CliRunner

from stride.cli.app import app
from stride.cli.commands import COMMANDS
from stride.cli.run_json import FIELDS as RUN_FIELDS

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"

BEGINNING = """\
<!-- Written by scripts/make_cli_docs.py from the commands themselves: change them, then run it. -->

# The command line

The answer of a command goes to standard output, everything else to standard error. Off a terminal
nothing is cut, wrapped or coloured; `NO_COLOR` is honoured. Every command takes `--json` and then
answers in one JSON document, whose fields are listed below and are only ever added to; numbers that
are not finite are the strings `"nan"`, `"inf"` and `"-inf"`.

| exit code | means |
|---|---|
| 0 | done |
| 1 | the run failed |
| 2 | wrong usage, or wrong in a file that a person wrote: one sentence, and nothing was created |
| 3 | a verification did not hold, or a file of a run cannot be read |
| 70 | a bug in stride, with its traceback |
| 75 | stopped by a signal of a scheduler (SIGTERM, SIGUSR1, SIGHUP): please start it again |
| 130 | interrupted by a person: Ctrl-C, `stride stop` |

`stride --install-completion` makes the shell complete commands, options, runs and config keys.
"""


def help_of(*arguments: str) -> str:
    """A help page as it is printed off a terminal."""
    result = CliRunner().invoke(app, [*arguments, "--help"], prog_name="stride")
    return f"```text\n$ stride {' '.join([*arguments, '--help'])}\n{result.stdout.rstrip()}\n```\n"


def fields_of(name: str) -> str:
    """What a command's JSON answer holds; the fields of a run are listed once for all."""
    fields: dict[str, str] = import_module(COMMANDS[name].module).FIELDS
    of_run = RUN_FIELDS.keys() <= fields.keys()
    own = {field: text for field, text in fields.items() if not of_run or field not in RUN_FIELDS}
    if not of_run:
        return f"With `--json`:\n{table(own)}"
    array = own.pop("[]", None)
    begin = "With `--json`: " + (f"{array}, with" if array else "")
    link = "[the fields of a run](#the-fields-of-a-run)"
    return f"{begin} {link}{', and:' if own else '.'}\n{table(own)}".replace("  ", " ")


def table(fields: dict[str, str]) -> str:
    """Fields and what they hold; nothing for none."""
    if not fields:
        return ""
    rows = "\n".join(f"| `{field}` | {meaning} |" for field, meaning in fields.items())
    return f"\n| field | holds |\n|---|---|\n{rows}\n"


def page() -> str:
    """The whole page."""
    sections = [BEGINNING, help_of()]
    for name in COMMANDS:
        sections += [f"## stride {name}\n", help_of(name), fields_of(name)]
    sections += ["## The fields of a run\n", table(RUN_FIELDS).lstrip()]
    return "\n".join(sections)


def main() -> int:
    """Write the page, or compare it."""
    new = page()
    if sys.argv[1:] == ["--check"]:
        stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != new
        if stale:
            print(f"{PAGE} is stale: run python scripts/make_cli_docs.py")
        return int(stale)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
