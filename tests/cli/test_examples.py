"""The examples of the help pages: each line is a call that its command understands."""

from __future__ import annotations

import itertools
import re
import shlex
from importlib import import_module

import pytest

from stride.cli.commands import COMMANDS
from stride.cli.group import load_command

EXAMPLES = [
    (name, line)
    for name, entry in COMMANDS.items()
    for line in import_module(entry.module).EXAMPLES
    if line.strip()
]


def words_of(line: str) -> list[str]:
    """The words of one call as a shell splits them; what it is piped into is left out."""
    words = shlex.split(re.sub(r"\$\(.*\)", "exp/0", line), comments=True)
    return [*itertools.takewhile(lambda word: word not in ("|", ">", "&&", ";"), words)]


@pytest.mark.parametrize("line", [line for _, line in EXAMPLES])
def test_an_example_is_a_call_that_is_understood(line: str) -> None:
    words = words_of(line)
    while "=" in words[0]:  # a variable of the environment
        words.pop(0)
    if words[0] != "stride":  # a program that starts stride, as torchrun and srun do
        words = words[words.index("stride") :]
    with load_command(words[1]).make_context(words[1], words[2:]):
        pass


def test_every_command_has_an_example_of_its_own() -> None:
    assert {name for name, line in EXAMPLES if f"stride {name}" in line} == COMMANDS.keys()
