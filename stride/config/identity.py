"""The identity of a config: one digest of all that can change the result of a training."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final

from stride.config.differences import flatten
from stride.config.places import FILE_REFERENCE
from stride.files import sha256_of

UNCHANGING: Final = frozenset(
    {
        "device",
        "load_data_kwargs.train_loader_kwargs.num_workers",
        "load_data_kwargs.val_loader_kwargs.num_workers",
        "load_data_kwargs.test_loader_kwargs.num_workers",
        "fit_kwargs.threads",
        "checkpoint_kwargs.every_epochs",
        "checkpoint_kwargs.every_steps",
        "checkpoint_kwargs.every_minutes",
        "checkpoint_kwargs.keep",
        "checkpoint_kwargs.keep_every_epochs",
        "checkpoint_kwargs.keep_every_steps",
        "checkpoint_kwargs.keep_best",
        "checkpoint_kwargs.background",
        "log_kwargs.every",
        "log_kwargs.progress",
        "log_kwargs.level",
        "log_kwargs.callbacks",
    }
)
"""Keys that decide where and how fast, not what. The schema says so of each; here they stand once
more because readers, which start in a tenth of a second, do not load the schema."""


def identity(
    config: Mapping[str, Any], fingerprints: Mapping[str, str], code_digest: str | None
) -> str:
    """Two trainings of equal identity give the same result, up to the machine.

    Args:
        config: resolved, as stored.
        fingerprints: of the content of data, by name or by the key of the config that names the
            file; such a key counts by its fingerprint, so that moved data stay the same data.
        code_digest: of the user's code that the config names, if any; a file of code counts by it
            and by its name, not by its folder.

    Returns:
        `sha256:<hex>`.
    """
    settings = {
        key: _without_folder(value, code_digest)
        for key, value in flatten(config).items()
        if not is_unchanging(key) and key != "format" and key not in fingerprints
    }
    whole = {"config": settings, "data": dict(fingerprints), "code": code_digest}
    return sha256_of(json.dumps(whole, sort_keys=True, ensure_ascii=False).encode())


def is_unchanging(key: str) -> bool:
    """Whether the key, or the list that it is an element of, is one of those."""
    return key in UNCHANGING or key.startswith("log_kwargs.callbacks.")


def _without_folder(value: Any, code_digest: str | None) -> Any:
    match = FILE_REFERENCE.fullmatch(value) if isinstance(value, str) and code_digest else None
    return f"{PurePath(match[1]).name}:{match[2]}" if match else value
