"""Callbacks: the watchers of a training. They are told five moments, and may ask it to stop."""

from __future__ import annotations

import contextlib
import logging
import sys
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from stride.training.moments import Moment
from stride.training.seeding import kept_randomness

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StopRequest:
    """A watcher's wish that the training end here, as if its plan were done.

    Attributes:
        reason: one sentence, for the log and the record of the run.
    """

    reason: str


class Callback(ABC):
    """Watches a training. It is given numbers that were read already, and changes nothing of it.

    Named in the config: `log_kwargs.callbacks`. Whatever it raises is reported once, and it is not
    told any more; the training goes on.

    Attributes:
        draws_randomness: False where it draws from no global generator, so that these need not be
            put back after it.
    """

    draws_randomness: ClassVar[bool] = True

    @abstractmethod
    def observe(self, moment: Moment) -> StopRequest | None:
        """Take note of a moment.

        Args:
            moment: FitBegins, StepLogged, EpochEnded, CheckpointSaved or FitEnded, of
                `stride.training.moments`.

        Returns:
            A request to end the training after this step or epoch, or None.
        """


class Callbacks:
    """All that watch one training, told one after the other.

    A callback that draws from the global generators of Python, NumPy or torch changes nothing of
    the training: they are put back.

    Args:
        callbacks: in the order in which they are told.

    Attributes:
        stop_reason: why the training is to end, by the first that asked for it; None while nobody
            has.
    """

    def __init__(self, callbacks: Iterable[Callback]) -> None:
        self.stop_reason: str | None = None
        self._callbacks = list(callbacks)

    def tell(self, moment: Moment) -> None:
        """Tell a moment to all that have not failed.

        Raises:
            KeyboardInterrupt: Ctrl-C while one of them was at work.
        """
        for callback in tuple(self._callbacks):
            with kept_randomness() if callback.draws_randomness else contextlib.nullcontext():
                self._tell(callback, moment)

    def _tell(self, callback: Callback, moment: Moment) -> None:
        name = type(callback).__name__
        try:
            answer: object = callback.observe(moment)
            if answer is not None and not isinstance(answer, StopRequest):
                raise TypeError(f"observe gave {answer!r}, and neither None nor a StopRequest")
        except (Exception, SystemExit) as error:
            self._callbacks.remove(callback)
            _logger.warning(
                "%s failed when told %s, and is not told any more: %s: %s%s",
                name,
                type(moment).__name__,
                type(error).__name__,
                error,
                _place(callback, error),
                exc_info=error,
            )
            return
        if answer is not None and self.stop_reason is None:
            self.stop_reason = f"{name} asked to stop: {answer.reason}"


def _place(callback: Callback, error: BaseException) -> str:
    """Where it was raised: the innermost line of the callback's own file, else of all."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    module = sys.modules.get(type(callback).__module__)
    own = [frame for frame in frames if frame.filename == getattr(module, "__file__", None)]
    if not frames:
        return ""
    frame = (own or frames)[-1]
    return f" ({frame.filename}:{frame.lineno})"
