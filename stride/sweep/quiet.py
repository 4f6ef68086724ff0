"""Quiet: Optuna's warnings are for those who call it, and here that is us."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Inside, nothing is warned of: that an interface of Optuna may change, say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
