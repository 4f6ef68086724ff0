"""The line from inside a worker to the frame: wait for a round, answer with its seconds."""

from __future__ import annotations

import json
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any


class Rounds(ABC):
    """What a loop is asked for, and answers."""

    @abstractmethod
    def wait(self) -> bool:
        """Block until the next round; False when there is none. The first call says: prepared."""

    @abstractmethod
    def answer(self, seconds: float) -> None:
        """Give the seconds of the round."""


class Line(Rounds):
    """One a process. What anyone else prints goes to stderr, so that answers stay alone on stdout.

    Attributes:
        arguments: what the frame handed over.
    """

    def __init__(self) -> None:
        self.arguments: dict[str, Any] = json.loads(sys.argv[1])
        self._answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        self._is_ready = False

    def wait(self) -> bool:
        """Block until the next round; False when there is none. The first call says: prepared."""
        if not self._is_ready:
            self._is_ready = True
            self._say("ready")
        return bool(sys.stdin.readline())

    def answer(self, seconds: float) -> None:
        """Give the seconds of the round."""
        self._say(repr(seconds))

    def serve(self, repeat: Callable[[], float]) -> None:
        """Answer each round by one call, until there is none."""
        while self.wait():
            self.answer(repeat())

    def _say(self, text: str) -> None:
        self._answers.write(text + "\n")
        self._answers.flush()
