"""The logs of a training: everything that is said goes to run.log as well as to the screen."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import IO, Any, TextIO

from stride.errors import StoppedError
from stride.store.run import Run
from stride.training.run_log import RunLog
from stride.training.tee import Tee
from stride.training.view import View


@contextlib.contextmanager
def kept_logs(run: Run, view: View, *, level: str = "INFO", rank: int = 0) -> Iterator[None]:
    """Inside, log records, warnings, prints and an exception that leaves the block are written to
    run.log.

    The screen shows what it showed before, and stride's own records through the view. Afterwards
    handlers, levels and streams are as they were, except what the code inside changed itself.
    """
    with contextlib.ExitStack() as stack:
        log = RunLog(run.log_path(rank), rank=rank, level=logging.getLevelName(level))
        stack.callback(log.close)
        stack.enter_context(_fault_handler(run))
        stack.enter_context(_handlers(log, view))
        stack.enter_context(_streams(log, view))
        stack.enter_context(_logged_warnings(log))
        try:
            yield
        except BaseException as error:
            _log_exception(log, error)
            raise


@contextlib.contextmanager
def _handlers(log: RunLog, view: View) -> Iterator[None]:
    """The root logger with our two handlers; those that were there see no more than before."""
    root = logging.getLogger()
    before = root.level
    filters = [(handler, _AsBefore(before)) for handler in root.handlers]
    screen = _Screen(view, others=not root.handlers, stride=not _shows_info(root))
    for handler, as_before in filters:
        handler.addFilter(as_before)
    root.addHandler(log)
    root.addHandler(screen)
    inside = min(before, log.level, logging.INFO)  # the epoch lines are INFO, whatever is logged
    root.setLevel(inside)
    try:
        yield
    finally:
        if root.level == inside:
            root.setLevel(before)
        root.removeHandler(screen)
        root.removeHandler(log)
        for handler, as_before in filters:
            handler.removeFilter(as_before)


class _Screen(logging.Handler):
    """Shows stride's records, and warnings of others where nobody else would show them."""

    def __init__(self, view: View, *, others: bool, stride: bool) -> None:
        super().__init__(logging.INFO)
        self._view = view
        self._others = others
        self._stride = stride

    def emit(self, record: logging.LogRecord) -> None:
        """Give the message to the view."""
        ours = record.name.partition(".")[0] == "stride"
        if self._stride if ours else self._others and record.levelno >= logging.WARNING:
            plain = record.levelno < logging.WARNING
            message = record.getMessage()
            self._view.line(message if plain else f"{record.levelname.lower()}: {message}")


class _AsBefore(logging.Filter):
    """Lets pass what would have been recorded with the root's level as it was."""

    def __init__(self, root_level: int) -> None:
        super().__init__()
        self._root_level = root_level

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a logger below the root, or the root's old level, asked for the record."""
        logger: logging.Logger | None = logging.getLogger(record.name)
        while logger is not None and logger.parent is not None:
            if logger.level:
                return True
            logger = logger.parent
        return record.levelno >= self._root_level


def _shows_info(root: logging.Logger) -> bool:
    """Whether the user's own handlers show stride's records on the screen already."""
    if logging.getLogger("stride").getEffectiveLevel() > logging.INFO:
        return False
    screens = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    return any(
        handler.level <= logging.INFO
        and isinstance(handler, logging.StreamHandler)
        and handler.stream in screens
        for handler in root.handlers
    )


@contextlib.contextmanager
def _streams(log: RunLog, view: View) -> Iterator[None]:
    """Put a tee before the screen's two streams."""
    out, err = Tee(sys.stdout, log, "stdout", view), Tee(sys.stderr, log, "stderr", view)
    tees: list[tuple[str, Tee]] = [("stdout", out), ("stderr", err)]
    for name, tee in tees:
        setattr(sys, name, tee)
    try:
        yield
    finally:
        for name, tee in tees:
            tee.finish()
            if getattr(sys, name) is tee:
                setattr(sys, name, tee.stream)


@contextlib.contextmanager
def _logged_warnings(log: RunLog) -> Iterator[None]:
    """Log each warning that is shown, and show it as before."""
    before = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        text = f"{category.__name__}: {message} ({filename}:{lineno})"
        log.handle(
            logging.LogRecord("warnings", logging.WARNING, filename, lineno, text, None, None)
        )
        screen: Any = sys.stderr.stream if file is None and isinstance(sys.stderr, Tee) else file
        before(message, category, filename, lineno, screen, line)

    warnings.showwarning = show
    try:
        yield
    finally:
        if warnings.showwarning is show:
            warnings.showwarning = before


def _log_exception(log: RunLog, error: BaseException) -> None:
    """Write the exception with its traceback; the screen gets it from whoever catches it."""
    if isinstance(error, KeyboardInterrupt | StoppedError):  # it was asked for
        level, text, trace = logging.WARNING, str(error) or "interrupted", None
    else:
        level, text = logging.ERROR, f"{type(error).__name__}: {error}"
        trace = (type(error), error, error.__traceback__)
    log.handle(logging.LogRecord("stride.training", level, "", 0, text, None, trace))


@contextlib.contextmanager
def _fault_handler(run: Run) -> Iterator[None]:
    """Have Python write the trace of a crash in native code to fault.log; the file goes if nothing
    crashed.
    """
    was_enabled = faulthandler.is_enabled()
    stream: IO[bytes] | None = None
    with contextlib.suppress(OSError):
        run.logs_path.mkdir(parents=True, exist_ok=True)
        stream = run.fault_path.open("ab")
        faulthandler.enable(stream)
    try:
        yield
    finally:
        if stream is not None:
            faulthandler.disable()
            if was_enabled and sys.__stderr__ is not None:
                with contextlib.suppress(OSError, ValueError):
                    faulthandler.enable(sys.__stderr__)
            stream.close()
            with contextlib.suppress(OSError):
                if run.fault_path.stat().st_size == 0:
                    run.fault_path.unlink()
