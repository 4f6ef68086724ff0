"""Help pages."""

from typing import Any

import pytest

from stride.cli.commands import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_page_has_usage_options_and_examples(stride: Any, name: str) -> None:
    page = stride(name, "--help")
    assert page.code == 0
    lines = page.out.splitlines()
    assert lines[0].startswith(f"Usage: stride {name} [OPTIONS]")
    assert lines[2] == f"{COMMANDS[name].help}."
    assert "Options:" in lines
    assert f"  stride {name}" in page.out.partition("Examples:\n")[2]


def test_the_first_page_names_every_command_in_its_section(stride: Any) -> None:
    page = stride("--help").out
    for name, entry in COMMANDS.items():
        section = page.partition(f"{entry.section}:\n")[2].partition("\n\n")[0]
        assert entry.help in next(line for line in section.splitlines() if line.split()[0] == name)


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_a_page_fits_its_columns(
    stride: Any, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = stride("fit", "--help").out.partition("Examples:")[0]
    assert max(map(len, text.splitlines()[1:])) <= columns


def test_short_help_and_long_help_are_the_same(stride: Any) -> None:
    assert stride("list", "-h").out == stride("list", "--help").out


def test_a_page_on_standard_output_has_no_colours(stride_process: Any) -> None:
    assert "\x1b" not in stride_process("fit", "--help").out
