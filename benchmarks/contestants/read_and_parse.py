"""Reading and parsing files of all runs, once. Arguments: the experiment, names of the files."""

from __future__ import annotations

import os
import sys

import msgspec


def main() -> None:
    """The least that any index has to do; the parser is the one that stride has."""
    experiment, *names = sys.argv[1:]
    runs = [name for name in os.listdir(experiment) if name.isdecimal()]  # noqa: PTH208
    for run in runs:
        for name in names:
            with open(f"{experiment}/{run}/{name}", "rb") as stream:  # noqa: PTH123
                msgspec.json.decode(stream.read())
    print(len(runs))


if __name__ == "__main__":
    main()
