"""A smoke test called from the command line: it answers with what was tried, and makes no run."""

from __future__ import annotations

import contextlib
import dataclasses
import sys

from stride.cli import answer
from stride.config.schema import Config
from stride.training.given import Given
from stride.training.smoke import smoke_sentence, smoke_test


def try_out(config: Config, *, json: bool) -> None:
    """Try one step, one validation batch and one checkpoint, and say what they took.

    Raises:
        StrideError: the training would fail; the sentence says why.
    """
    with contextlib.redirect_stdout(sys.stderr):
        smoke = smoke_test(config, Given())
    if json:
        answer.write_json({"smoke": dataclasses.asdict(smoke)})
        return
    answer.write(smoke_sentence(smoke))
