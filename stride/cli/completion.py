"""Shell completion: experiments, runs, config keys and their values, by Typer's protocol.

What a shell asks for is answered in one process a key press, so nothing is imported before it is
needed, and an error answers with nothing: the shell then completes file names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, MutableMapping
from pathlib import Path

import typer

from stride.errors import StrideError
from stride.store.references import best_references
from stride.store.work_dir import WorkDir

_KEY_BEFORE_CURSOR = "_STRIDE_COMPLETE_KEY"


def complete_experiment(incomplete: str) -> list[str]:
    """Folders that are experiments."""
    return [str(folder) for folder in _experiments(incomplete)]


def complete_run(incomplete: str) -> list[str]:
    """Runs of the experiment before the slash, the only one that fits, or the current folder."""
    if before := os.environ.get(_KEY_BEFORE_CURSOR, ""):
        found = _complete_run(before + incomplete)
        return [text.removeprefix(before) for text in found if text.startswith(before)]
    return _complete_run(incomplete)


def _complete_run(incomplete: str) -> list[str]:
    folder, slash, _ = incomplete.rpartition("/")
    if slash:
        return _runs_of(folder or "/", f"{folder}/", incomplete)
    own = _runs_of(".", "", incomplete)
    experiments = _experiments(incomplete)
    if len(experiments) == 1:
        return [*own, *_runs_of(experiments[0], f"{experiments[0]}/", incomplete)]
    return [*own, *(f"{folder}/" for folder in experiments)]


def complete_trashed(incomplete: str) -> list[str]:
    """Runs in the trash of the experiment before the slash; else experiments."""
    from stride.store.trash import read_trash  # deferred: other completions need none of it

    folder, slash, _ = incomplete.rpartition("/")
    if not slash or WorkDir(incomplete).exists():
        return [str(found) for found in _experiments(incomplete)]
    try:
        names = dict.fromkeys(entry.name for entry in read_trash(WorkDir(folder or "/")))
    except StrideError:
        return []
    addresses = (f"{folder}/{name}" for name in names)
    return [address for address in addresses if address.startswith(incomplete)]


def _experiments(incomplete: str) -> list[str]:
    folder, slash, beginning = incomplete.rpartition("/")
    parent = Path(folder + slash)
    try:
        entries = sorted(entry.name for entry in os.scandir(parent) if entry.is_dir())
    except OSError:
        return []
    names = [name for name in entries if name.startswith(beginning) and name[0] != "."]
    return [f"{folder}{slash}{name}" for name in names if WorkDir(parent / name).exists()]


def _runs_of(folder: str, prefix: str, incomplete: str) -> list[str]:
    experiment = WorkDir(folder)
    if not experiment.exists():
        return []
    try:
        names = [run.name for run in experiment.runs()]
        if any(name.isdigit() for name in names):
            names.append("latest")
        if "best".startswith(incomplete.removeprefix(prefix)[:4]):
            names += best_references(experiment)
    except StrideError:
        return []
    return [address for name in names if (address := prefix + name).startswith(incomplete)]


def complete_column(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of columns of the experiments that are typed already; the last of several."""
    # Deferred: they need the index, which completing a run mostly does not.
    from stride.store.query.vocabulary import Vocabulary, short_name
    from stride.store.selection import read_tables

    before, comma, last = incomplete.rpartition(",")
    sign = "-" if last.startswith("-") else ""
    try:
        # Where an option has no value yet, arguments are left as they were typed.
        folders = ctx.params.get("experiments") or ctx.args or (".",)
        vocabulary = Vocabulary(read_tables(map(WorkDir, folders)))
    except StrideError:
        return []
    names = dict.fromkeys(map(short_name, vocabulary.columns))
    found = [name for name in names if name.startswith(last.removeprefix("-"))]
    return [f"{before}{comma}{sign}{name}" for name in found]


def complete_key(ctx: typer.Context, incomplete: str) -> list[str]:
    """Config keys with `=`, with its default the only one that fits; after `=` possible values."""
    # Deferred: the schema needs pydantic, which completing a run does not.
    from stride.cli.key_completion import complete

    before = os.environ.get(_KEY_BEFORE_CURSOR, "")
    typed = [text for text in ctx.params.get("config") or () if "=" in text]
    try:
        found = complete(typed, before + incomplete)
    except StrideError:
        return []
    return [text.removeprefix(before) for text in found]


def complete_removal(ctx: typer.Context, incomplete: str) -> list[str]:
    """Config keys alone."""
    return [text.partition("=")[0] for text in complete_key(ctx, incomplete)]


def prepare(environ: MutableMapping[str, str]) -> None:
    """Undo what bash does to `--config a.b=c`: it hands over three words and wants the last back.

    The words are joined again. Where the cursor is behind the `=`, or behind the colon of
    `exp/best:val_loss`, what is before it is put aside, and the rest stands alone.
    """
    if environ.get("_STRIDE_COMPLETE") != "complete_bash":
        return
    words, cursor = environ["COMP_WORDS"].split("\n"), int(environ["COMP_CWORD"])
    typed = words[: cursor + 1]
    key = ""
    sign = next((each for each in "=:" if each in typed[-2:]), "")
    if len(typed) > 2 and sign:
        at = len(typed) - 1 if typed[-1] == sign else len(typed) - 2
        key = typed[at - 1] + sign
        typed = [*typed[: at - 1], "".join(typed[at + 1 :])]
    joined = _join(typed[:-1])
    environ["COMP_WORDS"] = "\n".join([*joined, typed[-1]])
    environ["COMP_CWORD"] = str(len(joined))
    environ[_KEY_BEFORE_CURSOR] = key


def _join(words: Iterable[str]) -> list[str]:
    joined: list[str] = []
    glue = False
    for word in words:
        if joined and (word in ("=", ":") or glue):
            joined[-1] += word
        else:
            joined.append(word)
        glue = word in ("=", ":")
    return joined
