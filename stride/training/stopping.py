"""Stopping a training: the first Ctrl-C ends it at the edge of a step, the second at once."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_logger = logging.getLogger(__name__)


class Stop:
    """Whether the training was asked to stop; looked at after each batch."""

    def __init__(self) -> None:
        self.requested = False

    def check(self) -> None:
        """Between two steps: stop here if asked to.

        Raises:
            KeyboardInterrupt: it was.
        """
        if self.requested:
            raise KeyboardInterrupt


@contextlib.contextmanager
def stopping_at_step_edges() -> Iterator[Stop]:
    """Handle SIGINT inside; handlers belong to the main thread, elsewhere nothing is changed.

    An error that follows the request (a DataLoader worker got the Ctrl-C too) is a consequence of
    it.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def request(number: int, frame: FrameType | None) -> None:
        if stop.requested:
            raise KeyboardInterrupt
        stop.requested = True
        _logger.warning("stopping after this step; Ctrl-C again stops at once")

    before = signal.signal(signal.SIGINT, request)
    try:
        yield stop
    except Exception as error:
        if stop.requested:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, before)
