"""Parameters that stay text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.cli.commands import COMMANDS
from stride.cli.group import load_command
from stride.cli.parameters import TextArgument, TextOption, whole_number
from stride.errors import UsageError


@given(st.integers(min_value=0))
def test_a_whole_number_is_read(number: int) -> None:
    assert whole_number("--limit", str(number)) == number


@pytest.mark.parametrize("text", ["", "-1", "1.0", " 1", "1e3", "٣", "ten"])
def test_what_is_no_whole_number_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="--limit takes a whole number of at least 0"):
        whole_number("--limit", text)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_parameter_of_every_command_stays_text(name: str) -> None:
    command = load_command(name)
    context = command.make_context(name, [], resilient_parsing=True)
    kinds = {type(parameter) for parameter in command.get_params(context)}
    assert kinds <= {TextOption, TextArgument}
