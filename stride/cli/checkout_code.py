"""`stride checkout-code`: restores the code of a run into a fresh folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from stride.cli import answer
from stride.cli.experiment import open_run
from stride.cli.options import Json, RunAddress
from stride.cli.parameters import whole_number
from stride.cli.text import harmless
from stride.cli.value import digest_text
from stride.errors import VerificationError
from stride.store.provenance.restore import RestoredCode, restore_code

EXAMPLES = (
    "stride checkout-code exp/3 old",
    "stride checkout-code exp/3 old --attempt 1",
    "stride checkout-code exp/3 old --repository ~/clones/project",
    "stride checkout-code exp/3 old --repository https://example.org/project.git",
)
FIELDS = {
    "run": "address of the run",
    "attempt": "the attempt that it was the code of",
    "path": "absolute path of the folder",
    "commit": "what it is built on; null where the repository had none yet",
    "files": "how many files there are",
    "digest_holds": "whether they have the recorded digest; null where none was recorded",
    "left_out": "what the run does not keep: path and reason of each",
    "missing": "kept files that are not there any more, or not as they were kept",
    "submodules": "that are to be cloned by hand: path, recorded, commit, changed",
    "links_out": "symbolic links that lead out of the folder, with where to",
    "pointers": "files whose content git-lfs keeps elsewhere",
}
_NAMED = 20
"""How many files of a kind are named on the screen."""


def checkout_code(
    run: RunAddress,
    folder: Annotated[
        str,
        typer.Argument(metavar="DIR", help="A folder that is new or empty.", show_default=False),
    ],
    attempt: Annotated[
        str | None,
        typer.Option("--attempt", metavar="N", help="That of this attempt; else of the newest."),
    ] = None,
    repository: Annotated[
        str | None,
        typer.Option(
            "--repository",
            metavar="DIR|URL",
            help="A clone that has the commit; else the repository that the run was started in.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Restore the code of a run into a fresh folder.

    The commit, uncommitted changes and untracked source files, as they were when the run was
    started. Only git's objects are read: no hook, filter or setting of a repository is used,
    nothing is executed, and nothing is fetched unless a URL is named. Exit code 3 where the files
    do not have the digest that was recorded.
    """
    number = None if attempt is None else whole_number("--attempt", attempt, minimum=1)
    opened = open_run(run)
    target = Path(folder).expanduser()
    restored = restore_code(opened, target, attempt=number, repository=repository)
    if json:
        answer.write_json(_fields(opened.address, restored))
    else:
        answer.write(harmless(str(target)))
    for line in _notes(opened.address, restored):
        answer.note(line)
    if restored.digest_holds is False or restored.missing:
        raise VerificationError(
            f"{folder} is not the code of {opened.address}: its files do not have the digest that"
            " was recorded"
        )


def _fields(address: str, restored: RestoredCode) -> dict[str, Any]:
    return {
        "run": address,
        "attempt": restored.attempt,
        "path": str(restored.target.absolute()),
        "commit": restored.commit,
        "files": restored.files,
        "digest_holds": restored.digest_holds,
        "left_out": msgspec.to_builtins(restored.left_out),
        "missing": restored.missing,
        "submodules": msgspec.to_builtins(restored.submodules),
        "links_out": restored.links_out,
        "pointers": restored.pointers,
    }


def _notes(address: str, restored: RestoredCode) -> Iterator[str]:
    """What was restored, and what was not."""
    commit = "no commit" if restored.commit is None else f"commit {digest_text(restored.commit)}"
    said = {
        True: "the recorded digest holds",
        False: "the recorded digest does not hold",
        None: "no digest was recorded",
    }[restored.digest_holds]
    yield f"{restored.files} files of {address}, attempt {restored.attempt}, {commit}: {said}"
    yield from _named("not kept by the run", [f"{e.path} {e.reason}" for e in restored.left_out])
    yield from _named("missing, or not as it was kept", restored.missing)
    for module in restored.submodules:
        yield f"submodule {module.path} is to be cloned by hand, at {_commit_of(module)}"
    yield from _named("symbolic link out of the folder", restored.links_out)
    yield from _named("git-lfs keeps the content of", restored.pointers)


def _commit_of(module: Any) -> str:
    changed = ", and had changes that are not kept" if module.changed else ""
    return f"{digest_text(module.commit or module.recorded)}{changed}"


def _named(what: str, names: tuple[str, ...] | list[str]) -> Iterator[str]:
    for name in names[:_NAMED]:
        yield f"{what}: {name}"
    if len(names) > _NAMED:
        yield f"{what}: {len(names) - _NAMED} more"
