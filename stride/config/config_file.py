"""One config file that a person wrote: JSON, YAML or TOML."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from stride.config.json_value import as_json
from stride.config.strict_json import BadJsonError, NotJsonError, read_strict_json
from stride.errors import ConfigError, StoredFileError
from stride.files import read_content, storage_errors

LARGEST: Final = 1 << 20
"""Bytes of a config file: reading YAML takes ten seconds a megabyte."""


def read_config_file(path: Path) -> dict[str, Any]:
    """The settings in a file; its ending says which language: .json, .yaml, .yml or .toml.

    YAML is read as version 1.2 has it: `1e-3` is a number, `no` and `on` are strings, dates stay
    text. A key that stands twice is an error in all three.

    Raises:
        ConfigError: no such file, a folder or pipe, too large, empty, not UTF-8, not of the
            language, no mapping at the top, or a value that no JSON can hold.
        StorageError: it cannot be read.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ConfigError(f"{path} is no config file: its name must end in .json, .yaml or .toml")
    content = _read(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text") from error
    if not text.strip():
        raise ConfigError(f"{path} is empty; write at least {{}} or a key")
    try:
        tree = reader(text)
    except (NotJsonError, BadJsonError, _SyntaxFault) as error:
        language = path.suffix[1:].upper().replace("YML", "YAML")
        raise ConfigError(f"{path} is not valid {language}: {error}") from error
    if tree is None:
        raise ConfigError(f"{path} is empty; write at least {{}} or a key")
    if not isinstance(tree, Mapping):
        raise ConfigError(f"{path} holds no mapping of keys to values at its top")
    try:
        plain: dict[str, Any] = as_json(tree, "")
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return plain


class _SyntaxFault(Exception):  # noqa: N818 -- a signal within this file, never shown
    """The text is not of the language."""


def _read(path: Path) -> bytes:
    try:
        with storage_errors("read", path):
            facts = path.stat()
            if stat.S_ISDIR(facts.st_mode):
                raise ConfigError(f"{path} is a folder, not a config file")
            if facts.st_size > LARGEST:
                raise ConfigError(
                    f"{path} is larger than {LARGEST >> 20} MiB: that is data, not a config; name "
                    "the file in the config instead"
                )
        return read_content(path)
    except FileNotFoundError as error:
        raise ConfigError(f"there is no config file {path}") from error
    except StoredFileError as error:
        raise ConfigError(str(error)) from error


def _read_toml(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _SyntaxFault(error) from error
    except ValueError as error:  # Python refuses to read integers of more than 4,300 digits
        raise _SyntaxFault("it has a number that is too large") from error


def _read_yaml(text: str) -> Any:
    # Deferred: takes 20 ms to import, and most commands read no YAML.
    from stride.config.yaml_text import YamlError, read_yaml

    try:
        return read_yaml(text)
    except YamlError as error:
        raise _SyntaxFault(error) from error


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    ".json": read_strict_json,
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
    ".toml": _read_toml,
}
