"""Five hundred run folders damaged at random: every command that reads answers in its own words.

And none of them leaves the experiment, through whatever link, or changes a file of a run.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stride.cli.app import app
from stride.store.names import is_number, is_run_name
from stride.store.work_dir import WorkDir
from tests.repository import Repository
from tests.resilience.damage import Damage
from tests.resilience.sound_runs import MARK, make_experiment, make_outside
from tests.resilience.witness import facts_of, opened_below

RUNS = 28
SOUND = ("3", "16", "20")
"""Left as they are: they are shown with their values, whatever is beside them."""
BATCHES = 20
OBEYED = ("\x1b", "\x9b", "\x07", "\0")
"""A terminal does what these say."""
HANG = 120
"""Seconds after which a command hangs for certain."""

OF_AN_EXPERIMENT = (
    ("list", "exp", "--limit", "0"),
    ("list", "exp", "--json"),
    ("list", "exp", "--csv"),
    ("list", "exp", "--limit", "0", "--columns", "*"),
    ("list", "exp", "--json", "--columns", "*,config.*,test.*,min.*,max.*,last.*"),
    ("list", "exp", "--where", "val_loss > 0.1 and lr in [0.1, 0.01] or note like '*1*'"),
    ("list", "exp", "--where", "status != 'completed' or 'paper' in tags", "--csv"),
    ("list", "exp", "--where", "not (min.train_loss > 0.1) or test.test_loss is missing"),
    ("list", "exp", "--where", "created > '2 days ago'", "--sort", "-val_loss,name"),
    ("list", "exp", "--sort", "best", "--limit", "5"),
    ("list", "exp", "--group-by", "config"),
    ("list", "exp", "--group-by", "config", "--json"),
    ("list", ".", "--recursive"),
    ("plot", "exp"),
    ("plot", "exp", "--limit", "0", "--metric", "*", "--json"),
    ("plot", "exp", "--metric", "train_loss", "--by", "time", "--log"),
    ("plot", "exp", "--metric", "val_loss", "--group-by", "config", "--smoothing", "0.5"),
    ("plot", "exp", "-o", "plot.png", "--limit", "0"),
    ("report", "exp", "-o", "report.html"),
    ("doctor", "exp"),
    ("doctor", "exp", "--deep", "--json"),
    ("lineage", "exp"),
    ("lineage", "exp", "--json"),
    ("neighbours", "exp/latest"),
    ("neighbours", "exp/3", "--metric", "val_loss", "--unfinished", "--json"),
    ("importance", "exp", "--method", "ped-anova", "--unfinished"),
    ("importance", "exp", "--metric", "val_loss", "--method", "ped-anova", "--json"),
    ("trash", "exp"),
    ("trash", "exp", "--json"),
    ("show", "exp/best"),
    ("show", "exp/best:val_loss", "--json"),
    ("export", "exp", "-o", "all.tar", "--checkpoints"),
)
OF_A_RUN = (
    ("show", "{run}", "--all"),
    ("show", "{run}", "--json"),
    ("diff", "{run}", "{other}", "--all"),
    ("diff", "{run}", "{other}", "exp/16", "--json"),
    ("diff", "{run}", "{other}", "--code"),
    ("lineage", "{run}"),
    ("log", "{run}", "-n", "3"),
    ("log", "{run}", "--json"),
    ("tag", "{run}"),
    ("note", "{run}"),
    ("neighbours", "{run}"),
    ("plot", "{run}", "{other}"),
    ("export", "{run}", "-o", "{name}.tar"),
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sound experiment and what lies outside; each test has a copy."""
    folder = tmp_path_factory.mktemp("sound")
    code = Repository(folder / "code")
    code.write("model.py", "one = 1\n")
    code.git("add", "-A")
    code.git("-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "one")
    code.write("model.py", "two = 2\n")
    code.write("new.py")
    make_experiment(folder / "exp", folder / "code", RUNS)
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The folder of the experiment; what lies outside is beside it."""
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def is_json(text: str) -> bool:
    """Whether an answer is one JSON document; notes on standard error may stand behind it."""
    try:
        json.JSONDecoder().raw_decode(text)
    except ValueError:
        return False
    return True


def call(*arguments: str) -> tuple[int, str]:
    """A command in this process; a test that would hang for ever fails instead."""
    result = CliRunner().invoke(app, arguments, prog_name="stride", catch_exceptions=False)
    return result.exit_code, result.output


@contextmanager
def hang_guard(command: object) -> Iterator[None]:
    def fail(*_: object) -> None:
        raise TimeoutError(f"{command} hangs")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(HANG)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def commands(names: list[str], draw: random.Random) -> Iterator[tuple[str, ...]]:
    """Those of the experiment, and for each run four of those of a run, each in its turn."""
    yield from OF_AN_EXPERIMENT
    turns = itertools.cycle(OF_A_RUN)
    for name in names:
        words = {"run": f"exp/{name}", "other": f"exp/{draw.choice(names)}", "name": name}
        for command in itertools.islice(turns, 4):
            yield tuple(word.format_map(words) for word in command)


def experiment_at(folder: Path, sound: Path, seed: int) -> tuple[WorkDir, Damage]:
    """A copy of the sound experiment, damaged."""
    shutil.copytree(sound / "exp", folder / "exp", symlinks=True)
    experiment = WorkDir(folder / "exp")
    damage = Damage(seed, make_outside(folder.parent / "outside"))
    runs = [run for run in experiment.runs() if run.name not in SOUND]
    assert len(runs) == RUNS - len(SOUND)
    shutil.rmtree(experiment.cache_path)
    damage.some(runs)
    damage.trash(experiment)
    damage.experiment(experiment)
    return experiment, damage


@pytest.mark.parametrize(
    "seed",
    [pytest.param(n, marks=() if n < 3 else pytest.mark.matrix) for n in range(BATCHES)],
)
def test_every_command_answers_and_stays_inside(
    sound: Path, place: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.chdir(place)
    experiment, damage = experiment_at(place, sound, seed)
    names = sorted(path.name for path in experiment.path.iterdir())
    names = [name for name in names if name.isdigit() or name == "base"]
    draw = random.Random(seed)
    inside = facts_of(experiment.path, without=frozenset({".stride"}))
    outside = facts_of(place.parent / "outside")
    wrong: list[Any] = []
    for command in commands(names, draw):
        with hang_guard((command, damage.done)), opened_below(place.parent / "outside") as opened:
            code, text = call(*command)
        if (
            code not in (0, 2, 3)
            or any(sign in text for sign in ("Traceback", MARK))
            or ("--csv" not in command and any(sign in text for sign in OBEYED))
            or opened
            or ("--json" in command and code == 0 and not is_json(text))
        ):
            signs = [sign for sign in ("Traceback", MARK, *OBEYED) if sign in text]
            around = [text[max(0, text.find(sign) - 200) :][:400] for sign in signs]
            wrong.append((" ".join(command), code, around or text[-600:], opened[:3]))
    for made in (*place.glob("*.tar"), *place.glob("report.html")):
        if MARK.encode() in made.read_bytes():
            wrong.append((made.name, "has what lies outside"))
    assert not wrong, (wrong, damage.done)
    assert facts_of(experiment.path, without=frozenset({".stride"})) == inside, damage.done
    assert facts_of(place.parent / "outside") == outside, damage.done


@pytest.mark.parametrize("seed", range(BATCHES))
def test_runs_that_are_sound_are_shown_as_they_are_and_the_others_are_named(
    sound: Path, place: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.chdir(sound)
    rows = rows_of("exp")
    monkeypatch.chdir(place)
    experiment, damage = experiment_at(place, sound, seed)
    found = rows_of("exp")
    assert [found[name] for name in SOUND] == [rows[name] for name in SOUND], damage.done
    assert set(found) == {path.name for path in experiment.path.iterdir() if is_shown(path)}
    assert rows_of("exp") == found, ("from the cache", damage.done)


def rows_of(experiment: str) -> dict[str, Any]:
    code, text = call("list", experiment, "--json")
    assert code == 0, text
    return {row["run"]: row | {"path": None} for row in json.loads(text)}


def is_shown(path: Path) -> bool:
    """Whether an entry of the experiment is a run: it has one of the two files that each has."""
    if not is_number(path.name) and not is_run_name(path.name):
        return False
    inside = Path(os.path.realpath(path)).is_relative_to(path.parent)
    return inside and any(os.path.lexists(path / name) for name in ("run.json", "config.json"))
