"""Watching: the same answer drawn again and again in one place, until Ctrl-C."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable

from stride.cli.terminal import terminal_of
from stride.cli.text import cut
from stride.errors import UsageError

_ENTER = "\x1b[?1049h\x1b[?25l"
"""Another screen, as an editor has: what was there before comes back; and no cursor."""
_LEAVE = "\x1b[?25h\x1b[?1049l"
_BEGIN = "\x1b[?2026h\x1b[H"
"""From the upper left, and, where the terminal knows that, shown at once when all is there."""
_REST_OF_LINE = "\x1b[K"
_END = "\x1b[J\x1b[?2026l"
_LEAST = 0.1
"""Seconds between two pictures at the least."""


def check_watchable() -> None:
    """Look whether there is a terminal to draw on.

    Raises:
        UsageError: standard output is a file or a pipe.
    """
    if not sys.stdout.isatty() or terminal_of(sys.stdout).width is None:
        raise UsageError(
            "--watch draws on a terminal again and again, and standard output is none; "
            "leave --watch out"
        )


def watch(draw: Callable[[], Iterable[str]], every: float) -> None:
    """Draw lines again every so many seconds, in place; Ctrl-C ends it, and is no failure.

    Lines that the screen has no room for are counted. When it ends, the last picture stays whole on
    the screen that was there before.

    Args:
        draw: reads and gives the lines; whatever it raises ends the watching.
        every: seconds from one picture to the next.

    Raises:
        UsageError: standard output is no terminal.
    """
    check_watchable()
    lines: list[str] = []
    before = signal.signal(signal.SIGTERM, _end)
    sys.stdout.write(_ENTER)
    try:
        while True:
            lines = list(draw())
            sys.stdout.write(_picture(lines))
            sys.stdout.flush()
            time.sleep(max(every, _LEAST))
    except KeyboardInterrupt:
        pass
    finally:
        sys.stdout.write(_LEAVE)
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, before)
    for line in lines:
        sys.stdout.write(line + "\n")


def _end(number: int, frame: object) -> None:
    """End as the signal would, but not before the terminal is as it was."""
    raise SystemExit(128 + number)


def _picture(lines: list[str]) -> str:
    """What is sent for a picture: every line over the one that is there, without clearing first."""
    size = shutil.get_terminal_size()
    shown = lines
    if len(lines) > size.lines:
        shown = lines[: size.lines - 1]
        shown.append(cut(f"… {len(lines) - len(shown)} more lines", size.columns))
    return _BEGIN + "\n".join(line + _REST_OF_LINE for line in shown) + _END
