"""`stride export`: packs runs into one archive, with sizes and digests."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.chosen_runs import open_runs
from stride.cli.completion import complete_run
from stride.cli.list_options import Where
from stride.cli.options import Json
from stride.cli.text import harmless
from stride.cli.value import size_text
from stride.errors import UsageError
from stride.store.archive.export import Export, export_runs

EXAMPLES = (
    "stride export exp/3 -o run.tar.gz",
    "stride export exp/3-7 exp/baseline -o runs.zip",
    "stride export exp -o all.tar --checkpoints",
    "stride export exp --where \"'paper' in tags\" -o paper.tar.gz",
    "stride import runs.zip other  # takes them in elsewhere",
)
FIELDS = {
    "archive": "path of the archive",
    "size": "its bytes",
    "runs": "one run an element: `run`, `number`, `address`, `id`, `folder` in the archive, `files`"
    " (how many), `bytes`, and `left_out`: name and reason of what is not in it",
}


def export(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="EXP|RUN...",
            autocompletion=complete_run,
            help="All runs of an experiment, or runs by number or name: exp/3, exp/3-7.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="A .tar.gz, .tar or .zip to write."),
    ] = None,
    checkpoints: Annotated[
        bool | None,
        typer.Option(
            "--checkpoints/--no-checkpoints",
            help="Pack all checkpoints, or none. Unless said: of completed runs none, of others"
            " the newest whole one.",
            show_default=False,
        ),
    ] = None,
    where: Where = None,
    json: Json = False,
) -> None:
    """Pack runs into one archive, with digests.

    The archive holds the folders of the runs, and a manifest of every file with size and sha256
    digest. The same runs give the same bytes. Runs that train are refused, links are not followed.
    """
    if output is None:
        raise UsageError("say which archive to write, as in --output runs.tar.gz")
    chosen = open_runs(runs, whole=True, where=where)
    if not chosen:
        raise UsageError(f"{runs[0]} has no {'such ' if where else ''}runs")
    done = export_runs(chosen, Path(output).expanduser(), checkpoints=checkpoints)
    if json:
        answer.write_json(
            {
                "archive": str(done.path.absolute()),
                "size": done.size,
                "runs": [
                    {
                        "run": run.name,
                        "number": run.number,
                        "address": run.address,
                        "id": archived.id,
                        "folder": archived.folder,
                        "files": len(archived.files),
                        "bytes": sum(file.size for file in archived.files),
                        "left_out": [
                            {"name": name, "reason": why}
                            for name, why in done.left_out[run.address].items()
                        ],
                    }
                    for run, archived in zip(chosen, done.manifest.runs, strict=True)
                ],
            }
        )
        return
    _say_left_out(done)
    count = f"{len(chosen)} run{'' if len(chosen) == 1 else 's'}"
    packed = f"{size_text(done.manifest.size)} in {size_text(done.size)}"
    answer.write(f"{harmless(str(done.path))}  {count}, {packed}")


def _say_left_out(done: Export) -> None:
    """What is not in the archive, in a line each kind."""
    checkpoints = Counter(
        address
        for address, names in done.left_out.items()
        for why in names.values()
        if why == "checkpoint"
    )
    if checkpoints:
        count = checkpoints.total()
        answer.note(
            f"without {count} checkpoint{'' if count == 1 else 's'} of {_listed([*checkpoints])};"
            " --checkpoints takes all"
        )
    for address, names in done.left_out.items():
        for name, why in names.items():
            if why != "checkpoint":
                answer.note(f"without {address}/{name}: {why}")


def _listed(addresses: list[str]) -> str:
    more = f" and {len(addresses) - 5} more" if len(addresses) > 5 else ""
    return ", ".join(addresses[:5]) + more
