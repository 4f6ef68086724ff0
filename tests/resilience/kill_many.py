"""A program: kills trainings of the table of cases, as often as one likes.

`python -m tests.resilience.kill_many --kills 1000` trains each case once undisturbed, then over and
over in processes that are killed by SIGKILL at drawn moments and resumed until they are done, and
compares each with the undisturbed one, bit for bit. It ends with code 1 at the first difference,
says which moments led to it, and leaves the folders for a look.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from stride.errors import StrideError
from tests.resilience.killing import kill_often, let_be
from tests.resilience.training_cases import CASES
from tests.resilience.trainings import Trainings


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Kill as asked to; 0 where every training came out right."""
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(description=__doc__, prog="tests.resilience.kill_many")
    parser.add_argument("--kills", type=int, default=1000, help="kills in all (1000)")
    parser.add_argument("--case", action="append", choices=names, help="a case (all)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (0)")
    parser.add_argument("--folder", type=Path, help="where to train (a new one)")
    asked = parser.parse_args()
    folder = Path(asked.folder or tempfile.mkdtemp(prefix="kill-many-")).absolute()
    cases = asked.case or names
    begun, total = time.monotonic(), 0
    with Trainings() as trainings:
        for number, case in enumerate(cases):
            wanted = asked.kills * (number + 1) // len(cases) - asked.kills * number // len(cases)
            place = folder / f"case-{number}"
            reference = let_be(trainings, case, place / "reference")
            rounds = kill_often(trainings, reference, place, wanted, asked.seed)
            try:
                total += max(rounds, default=0)
            except (AssertionError, StrideError) as error:
                say(f"{case}: {error}\nseed {asked.seed}; the folders are in {place}")
                return 1
            seconds = time.monotonic() - begun
            say(f"{total:5} kills, {seconds:5.0f} s, {case}: each ended as if it never was")
    if asked.folder is None:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
