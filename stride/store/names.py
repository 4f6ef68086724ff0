"""Names and addresses of runs: what a run may be called, and how a typed `exp/3` is read."""

from __future__ import annotations

import re
from pathlib import Path

from stride.errors import RunNameError

LATEST = "latest"
"""The reference that means the run of the highest number."""

BEST = "best"
"""The reference that means the best run by the monitor that the runs share.

`best:val_loss` means the best by that one.
"""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,99}", re.ASCII)
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_BEST_OF = re.compile(r"(.*/)?(best:.+)", re.DOTALL)
_RESERVED = frozenset({LATEST, BEST, "config.json", "readme.md"})
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}
)


def check_run_name(name: str) -> str:
    """Give the name back if a run may have it.

    A letter, then letters, digits, `.`, `_` or `-`, at most 100 in all. Not a word with a meaning
    of its own, not the name of a file of the experiment, not one that other systems refuse.

    Raises:
        RunNameError: with the reason.
    """
    if reason := _refusal(name):
        raise RunNameError(f"a run cannot be named {_shown(name)}: {reason}")
    return name


def parse_number(text: str) -> int | None:
    """The number in a text of digits only, None for any other text. `007` is 7."""
    return int(text[-18:]) if _DIGITS.fullmatch(text) and len(text.lstrip("0")) <= 18 else None


def is_number(name: str) -> bool:
    """Whether a folder of this name is a numbered run: digits without a leading zero."""
    return _NUMBER.fullmatch(name) is not None


def is_run_name(name: str) -> bool:
    """Whether a folder of this name may be a named run."""
    return _refusal(name) is None


def is_file_name(name: str) -> bool:
    """Whether a file of this name stays in its folder."""
    return name not in ("", ".", "..") and "/" not in name and "\0" not in name


def check_file_name(name: str) -> str:
    """The name of a file in a run, if it stays there.

    Raises:
        RunNameError: it leads elsewhere.
    """
    if not is_file_name(name):
        raise RunNameError(f"{_shown(name)} is not the name of a file; give one without a folder")
    return name


def is_digits(text: str) -> bool:
    """Whether a text is made of digits only: such a reference always means a number."""
    return _DIGITS.fullmatch(text) is not None


def is_best(text: str) -> bool:
    """Whether a reference means a best run."""
    return text == BEST or (text.startswith(f"{BEST}:") and text != f"{BEST}:")


def is_exact(text: str) -> bool:
    """Whether a reference means the same run tomorrow: it is a number or a name."""
    return text != LATEST and not is_best(text)


def parse_run_address(text: str) -> tuple[Path, str]:
    """Split `exp/3` into the experiment's folder and the reference to a run: `(Path("exp"), "3")`.

    A reference alone is one in the current folder. Neither part is looked for on the disk. The name
    of a monitor, as in `exp/best:val/loss`, may have a slash.

    Raises:
        RunNameError: the last part is neither a number nor a name that a run can have.
    """
    if (found := _BEST_OF.fullmatch(text)) is not None:
        folder, reference = (found[1] or "").rstrip("/"), found[2]
    else:
        folder, _, reference = text.rstrip("/").rpartition("/")
    if not (is_digits(reference) or not is_exact(reference) or is_run_name(reference)):
        raise RunNameError(
            f"{_shown(text)} is not the address of a run; "
            "give the experiment and the run, as in exp/3"
        )
    if not folder:
        folder = "/" if text.startswith("/") else "."
    return Path(folder), reference


def _refusal(name: str) -> str | None:
    """The reason why a run cannot have the name, None where it can."""
    if _DIGITS.fullmatch(name):
        return (
            "digits always mean a run that exists; leave the name out and the next number is given"
        )
    if len(name) > 100:
        return f"it has {len(name)} characters, and at most 100 are possible"
    if not _NAME.fullmatch(name):
        return "a name is a letter, then letters, digits, '.', '_' or '-', as in baseline-2"
    if name.lower() in _RESERVED:
        return "the word has a meaning of its own in an experiment"
    if name.lower().partition(".")[0] in _DEVICES:
        return "Windows keeps the name for a device"
    if name.endswith("."):
        return "a name cannot end in a dot"
    return None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 120 else text[:117] + "...")
