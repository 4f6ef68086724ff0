"""Runs that are damaged in any way are plotted and reported as far as they can be read."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from stride.cli.chart import draw_plot
from stride.cli.terminal import Terminal
from stride.errors import UsageError
from stride.report.experiment_page import build_page
from stride.report.plot import Wanted, read_plot
from stride.store.row import read_row
from stride.store.run import Run

STRANGE = (
    None,
    True,
    -1,
    10**400,
    1e308,
    "nan",
    "\u202e\x1b[2J</script>",
    "x" * 50_000,
    [],
    {},
    [[[]]],
    {"a": {"__proto__": 1}},
    2**63,
)


def damage(run: Run, draw: random.Random) -> str:
    """Damage a file of a run; what was done to it."""
    files = [path for path in sorted(run.path.rglob("*")) if path.is_file()]
    path = draw.choice([file for file in files if file.suffix in (".json", ".csv", ".txt")])
    content = path.read_bytes()
    what = draw.choice(["cut", "empty", "noise", "strange", "gone", "folder", "link", "cell"])
    if what == "cut":
        path.write_bytes(content[: draw.randrange(len(content) + 1)])
    elif what == "empty":
        path.write_bytes(b"")
    elif what == "noise":
        place = draw.randrange(len(content) + 1)
        path.write_bytes(content[:place] + draw.randbytes(20) + content[place:])
    elif what == "strange" and path.suffix == ".json":
        _put_something_strange(path, draw)
    elif what == "gone":
        path.unlink()
    elif what == "folder":
        path.unlink()
        path.mkdir()
    elif what == "link":
        path.unlink()
        path.symlink_to(draw.choice(["/dev/zero", "/etc/passwd", str(path), "/nowhere"]))
    elif what == "cell":
        pieces = content.split(b",")
        pieces[draw.randrange(len(pieces))] = draw.choice([b"inf", b"1e999", b'"', b"\n", b"-"])
        path.write_bytes(b",".join(pieces))
    return f"{what} {path.relative_to(run.path)}"


def _put_something_strange(path: Path, draw: random.Random) -> None:
    try:
        tree = json.loads(path.read_bytes())
    except ValueError:  # damaged before
        return
    if not isinstance(tree, dict) or not tree:
        return
    inner = tree
    key = draw.choice(sorted(inner))
    while isinstance(inner[key], dict) and inner[key] and draw.random() < 0.6:
        inner = inner[key]
        key = draw.choice(sorted(inner))
    inner[key] = draw.choice(STRANGE)
    path.write_text(json.dumps(tree))


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_damaged_the_rest_is_shown(
    trained: Callable[..., Run], known: Callable[[Run], Run], seed: int
) -> None:
    draw = random.Random(seed)
    runs = [known(trained(0.8, seed=place)) for place in range(3)]
    done = [damage(run, draw) for run in runs[:2] for _ in range(2)]
    rows = [read_row(run) for run in runs]
    for group_by in ((), ("config",)):
        try:
            plot = read_plot(rows, Wanted(group_by=group_by))
        except UsageError as error:
            pytest.fail(f"{done}: {error}")
        drawn = "\n".join(draw_plot(plot, Terminal(), log=bool(seed % 2), log_x=False))
        assert "val_accuracy" in drawn, done
        assert drawn.replace("\n", "").isprintable(), done
    content = build_page(rows, "exp").content.decode()
    assert content.count("</script>") == 3, done
