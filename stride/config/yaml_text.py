"""YAML text, read safely and as version 1.2 has it."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any, Final

import yaml

_MOST_VALUES: Final = 1_000_000


class YamlError(ValueError):
    """The text is not YAML, or has a key twice."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader speaks YAML 1.1, where `1e-3` is a string and `no` is false."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping whose keys are all different; `<<` merges are no repetition."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    line = key.start_mark.line + 1
                    raise YamlError(f"it has the key {key.value!r} twice, again in line {line}")
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _resolver(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


def _integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    return int(text, 0) if text.startswith(("0x", "0o")) else int(text)


def _number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    text = str(loader.construct_scalar(node)).lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


_resolver("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF")
_resolver("null", r"^(?:~|null|Null|NULL|)$", "~nN")
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^$"), [""])
_resolver("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789")
_resolver(
    "float",
    r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
    "-+.0123456789",
)
_resolver("merge", r"^(?:<<)$", "<")
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)


def read_yaml(text: str) -> Any:
    """The value of a YAML document; None where it holds only comments.

    Raises:
        YamlError: it is none, or has a key twice.
    """
    try:
        value = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise YamlError(f"{error.problem}{place}") from error
    except yaml.YAMLError as error:
        raise YamlError(str(error).replace("\n", " ")) from error
    except RecursionError as error:
        raise YamlError("it is nested too deep") from error
    except YamlError:
        raise
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        # PyYAML's constructors of tagged values, as of `!!timestamp x`, raise whatever they meet.
        raise YamlError(f"a value is not what its tag says: {error}") from error
    if "*" in text and _size(value, {}, set()) > _MOST_VALUES:
        raise YamlError(f"its aliases stand for more than {_MOST_VALUES:,} values")
    return value


def _size(value: Any, known: dict[int, int], around: set[int]) -> int:
    """How many values it is when every alias is written out; `around` is what it stands in."""
    if not isinstance(value, (dict, list)):
        return 1
    mark = id(value)
    if mark in around:
        raise YamlError("an alias stands inside of what it means")
    if mark not in known:
        items = value.values() if isinstance(value, dict) else value
        known[mark] = 1 + sum(_size(item, known, {*around, mark}) for item in items)
    return known[mark]
