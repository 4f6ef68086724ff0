"""Damage to the folders of runs, drawn at random: all that disks, people and other programs do."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stride.store.run import Run
from stride.store.work_dir import WorkDir
from tests.resilience.odd_values import CELLS, ODD_TEXTS, ODD_VALUES


class Damage:
    """Damages one experiment after the other.

    Attributes:
        done: what was done, in the words of a failing test.

    Args:
        outside: a folder that links lead to, laid out like the experiment.
    """

    def __init__(self, seed: int, outside: Path) -> None:
        self._draw = random.Random(seed)
        self._outside = outside
        self.done: list[str] = []

    def some(self, runs: list[Run]) -> None:
        """Damage each of the runs, in one to three places."""
        for run in runs:
            for _ in range(self._draw.choice((1, 1, 1, 2, 3))):
                self._one_of(run)

    def trash(self, experiment: WorkDir) -> None:
        """Damage the runs that were removed, or the trash itself."""
        self.some([Run(entry) for entry in sorted(experiment.trash_path.iterdir())])
        if self._draw.random() < 0.1:
            self.done.append("trash led out")
            shutil.rmtree(experiment.trash_path)
            experiment.trash_path.symlink_to(self._outside / "other")

    def experiment(self, experiment: WorkDir) -> None:
        """Damage what is not of a run: caches, staging, and what lies beside."""
        kind = self._draw.randrange(7)
        self.done.append(f"experiment {kind}")
        aside = experiment.path / self._draw.choice(("notes\udcff", "12x", "a\x1b[31mb", "-rf"))
        if kind == 0:
            shutil.rmtree(experiment.cache_path, ignore_errors=True)
            experiment.cache_path.symlink_to(self._outside / "empty")
        elif kind == 1:
            aside.mkdir()
            (aside / "run.json").write_text("{}")
        elif kind == 2:
            (experiment.path / "99").symlink_to(self._outside / "other" / "0")
            (experiment.path / "linked").symlink_to(self._outside / "other" / "0")
        elif kind == 3:
            (experiment.path / "98").symlink_to("0")
            (experiment.path / "round").symlink_to("round")
        elif kind == 4:
            (experiment.path / "97").write_text("a file")
            os.mkfifo(experiment.path / "96")
            os.mkfifo(experiment.path / "pipe")
        elif kind == 5:
            (experiment.path / "95").mkdir()
            os.mkfifo(experiment.path / "95" / "run.json")
            os.mkfifo(experiment.path / "95" / "config.json")
        else:
            experiment.staging_path.mkdir(exist_ok=True)
            (experiment.staging_path / "half").symlink_to(self._outside / "other" / "0")

    def _one_of(self, run: Run) -> None:
        if run.path.is_symlink() or not run.path.is_dir():
            return
        there = [path for path in sorted(run.path.rglob("*")) if not path.is_symlink()]
        files = [path for path in there if path.is_file()]
        weights = [20 if path.parent == run.path else 7 for path in files]
        if not files or self._draw.random() < 0.15:
            path = self._draw.choice([run.path, *(path for path in there if path.is_dir())])
            damage = self._draw.choice(_OF_FOLDERS)
        else:
            path = self._draw.choices(files, weights)[0]
            own = _OF_KINDS.get(path.suffix, ())
            damage = self._draw.choice(own if own and self._draw.random() < 0.6 else _OF_FILES)
        assert path.parent.resolve().is_relative_to(run.path.parent.resolve())
        self.done.append(f"{run.name}: {damage.__name__} {path.relative_to(run.path)}")
        damage(path, self._draw, self._outside / "other" / "0" / path.relative_to(run.path))


def _cut(path: Path, draw: random.Random, outside: Path) -> None:
    path.write_bytes(path.read_bytes()[: draw.randrange(path.stat().st_size + 1)])


def _emptied(path: Path, draw: random.Random, outside: Path) -> None:
    path.write_bytes(draw.choice((b"", b"\n", b" " * 1000, b"\0" * 4096)))


def _noise(path: Path, draw: random.Random, outside: Path) -> None:
    content = path.read_bytes()
    place = draw.randrange(len(content) + 1)
    noise = draw.choice((draw.randbytes(40), b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80"))
    path.write_bytes(content[:place] + noise + content[place + draw.choice((0, len(noise))) :])


def _gone(path: Path, draw: random.Random, outside: Path) -> None:
    path.unlink()


def _folder_instead(path: Path, draw: random.Random, outside: Path) -> None:
    path.unlink()
    path.mkdir()
    if draw.random() < 0.5:
        (path / "run.json").write_text("{}")


def _pipe_instead(path: Path, draw: random.Random, outside: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _led_out(path: Path, draw: random.Random, outside: Path) -> None:
    """To the same file outside, which could be read, else to a file of text."""
    path.unlink()
    path.symlink_to(outside if outside.is_file() else outside_root(outside) / "text")


def _led_astray(path: Path, draw: random.Random, outside: Path) -> None:
    path.unlink()
    root = outside_root(outside)
    targets = ("/dev/zero", "/dev/tty", root / "pipe", root / "empty", "nowhere", path, ".", "..")
    path.symlink_to(draw.choice(targets))


def _unreadable(path: Path, draw: random.Random, outside: Path) -> None:
    path.chmod(0)


def _odd_value(path: Path, draw: random.Random, outside: Path) -> None:
    """A value anywhere in a tree becomes another one, or goes."""
    tree = _tree(path)
    places = [place for place in _places(tree) if place]
    if not places:
        path.write_text(json.dumps(draw.choice(ODD_VALUES)))
        return
    for place in draw.sample(places, min(len(places), draw.choice((1, 1, 2, 5)))):
        inner = tree
        for key in place[:-1]:
            inner = inner[key] if _has(inner, key) else None
        if not _has(inner, place[-1]):
            continue
        if isinstance(inner, dict) and draw.random() < 0.2:
            inner[draw.choice(ODD_TEXTS)] = inner.pop(place[-1])
        else:
            inner[place[-1]] = draw.choice(ODD_VALUES)
    path.write_text(json.dumps(tree))


def _other_tree(path: Path, draw: random.Random, outside: Path) -> None:
    text = draw.choice(
        (
            "[" * 100_000,
            "[" * 100_000 + "]" * 100_000,
            '{"a":' * 900 + "1" + "}" * 900,
            '{"a":' * 50_000 + "1" + "}" * 50_000,
            "null",
            "NaN",
            '"' + "\\ud800" * 3 + '"',
            json.dumps(draw.choice(ODD_VALUES)),
        )
    )
    path.write_text(text)


def _newer(path: Path, draw: random.Random, outside: Path) -> None:
    tree = _tree(path)
    tree = tree if isinstance(tree, dict) else {}
    tree["format"] = draw.choice((2, 99, 10**400, 2**70, 0, -1, "1", 1.0, True, None))
    tree["of the future"] = draw.choice(ODD_VALUES)
    path.write_text(json.dumps(tree))


def _keys_twice(path: Path, draw: random.Random, outside: Path) -> None:
    tree = _tree(path)
    first = json.dumps(tree)
    other = {key: draw.choice(ODD_VALUES) for key in tree} if isinstance(tree, dict) else {"a": 1}
    path.write_text(first[:-1] + ", " + json.dumps(other)[1:])


def _nested(path: Path, draw: random.Random, outside: Path) -> None:
    """Deep below a key of its own, or a known one."""
    text = path.read_text()
    depth = draw.choice((50, 400, 990, 5000))
    key = draw.choice(("deep", "resolved", "last", "model_kwargs", "settings", "tags"))
    deep = '{"a":' * depth + "1" + "}" * depth
    path.write_text(f'{{"{key}": {deep}, {text.lstrip()[1:]}')


def _odd_cells(path: Path, draw: random.Random, outside: Path) -> None:
    rows = path.read_text().split("\n")
    for _ in range(draw.choice((1, 2, 6))):
        line = draw.randrange(len(rows))
        cells = rows[line].split(",")
        cells[draw.randrange(len(cells))] = draw.choice(CELLS)
        rows[line] = ",".join(cells)
    path.write_text("\n".join(rows))


def _ragged(path: Path, draw: random.Random, outside: Path) -> None:
    rows = path.read_text().split("\n")
    for _ in range(3):
        line = draw.randrange(len(rows))
        rows[line] = draw.choice((rows[line] + ",1" * 5, rows[line][: len(rows[line]) // 2], ",,,"))
    path.write_text("\n".join(rows))


def _other_table(path: Path, draw: random.Random, outside: Path) -> None:
    header, _, rest = path.read_text().partition("\n")
    first = header.split(",")[0]
    path.write_text(
        draw.choice(
            (
                rest,
                header,
                f"{header}\r\n{rest}".replace("\n", "\r"),
                f"{first},{header}\n{rest}",
                header.replace(first, draw.choice(ODD_TEXTS[:-1]).replace("\ud800", "")) + "\n1,2",
                f"{header}\n" + "1" * 300,
                f"{header}\n{rest}{rest}",
                f"{header}\n" + "\n".join(",".join(row.split(",")[::-1]) for row in [rest] * 3),
                header + ",".join(f"c{n}" for n in range(3000)) + "\n" + ",".join(["1"] * 3000),
            )
        )
    )


def _folder_led_out(path: Path, draw: random.Random, outside: Path) -> None:
    """The very folder outside, with all its files; of a run the whole run."""
    shutil.rmtree(path)
    path.symlink_to(outside if outside.is_dir() else outside_root(outside) / "empty")


def _folder_led_astray(path: Path, draw: random.Random, outside: Path) -> None:
    shutil.rmtree(path)
    path.symlink_to(draw.choice(("/", "/dev", "nowhere", path, ".", "..", "../..")))


def _folder_gone(path: Path, draw: random.Random, outside: Path) -> None:
    shutil.rmtree(path)
    draw.choice((path.mkdir, path.touch, lambda: None))()


def _odd_names(path: Path, draw: random.Random, outside: Path) -> None:
    """Files with names that nobody expects."""
    for name in ("\x1b[31mred", "not\udcfftext", "two\nlines", "..x", "漢" * 80, "--all", "x.json"):
        (path / name).write_text("{}")
    (path / "led-out").symlink_to(outside_root(outside))


def outside_root(outside: Path) -> Path:
    """The folder outside, from a path in its run."""
    return next(parent for parent in outside.parents if parent.name == "other").parent


def _tree(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return {}


def _places(tree: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if len(place) > 20:
        return [place]
    items: Any = tree.items() if isinstance(tree, dict) else ()
    items = enumerate(tree) if isinstance(tree, list) else items
    return [place, *(found for key, value in items for found in _places(value, (*place, key)))]


def _has(tree: Any, key: Any) -> bool:
    if isinstance(tree, dict):
        return key in tree
    return isinstance(tree, list) and isinstance(key, int) and key < len(tree)


Kind = Callable[[Path, random.Random, Path], None]
_OF_FILES: tuple[Kind, ...] = (
    _cut, _cut, _emptied, _noise, _noise, _gone, _folder_instead, _pipe_instead, _led_out, _led_out,
    _led_astray, *(() if os.geteuid() == 0 else (_unreadable,)),
)  # fmt: skip
_OF_KINDS: dict[str, tuple[Kind, ...]] = {
    ".json": (_odd_value, _odd_value, _odd_value, _other_tree, _newer, _keys_twice, _nested),
    ".csv": (_odd_cells, _odd_cells, _ragged, _other_table),
}
_OF_FOLDERS: tuple[Kind, ...] = (
    _folder_led_out, _folder_led_out, _folder_led_astray, _folder_gone, _odd_names, _odd_names,
)  # fmt: skip
