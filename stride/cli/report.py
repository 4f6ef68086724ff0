"""`stride report`: what the runs of an experiment say together; so far how they scale."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.completion import complete_experiment, complete_removal
from stride.cli.experiment import open_experiment
from stride.cli.options import Json
from stride.cli.scaling_page import draw_page
from stride.cli.terminal import standard_output
from stride.errors import UsageError
from stride.files import storage_errors, write_exclusive
from stride.report.scaling import Scaling, read_scaling

FORMATS = ("png", "svg")

EXAMPLES = (
    "stride report --scaling exp",
    "stride report --scaling exp -o scaling.svg",
    "stride report --scaling exp --except load_data_kwargs.train_loader_kwargs.batch_size",
    "stride report --scaling exp --json | jq '.comparisons[].points[] | [.ranks, .speed_up]'",
)
FIELDS = {
    "experiment": "its folder, as typed",
    "comparisons": "one for each training that was done on different ranks: `points` (`ranks`, "
    "`nodes`, `samples_per_second`, `speed_up`, `efficiency`, `runs`, `epochs` that were counted, "
    "`threads` of a rank, `with_start`: only first epochs could be counted, `settings`: the "
    "values of each key of --except), the fewest ranks first; and `settings`, in which it "
    "differs from the other comparisons",
    "left_out": "reason to the names of the runs that no comparison holds",
    "reason": "why there is no comparison; null where there is one",
    "picture": "file of the picture; null where none was asked for",
}


def report(
    experiment: Annotated[
        str | None,
        typer.Argument(
            metavar="EXP",
            autocompletion=complete_experiment,
            help="The experiment's folder; the current folder where none is named.",
        ),
    ] = None,
    scaling: Annotated[
        bool, typer.Option("--scaling", help="Compare the speed on different ranks and machines.")
    ] = False,
    excepted: Annotated[
        list[str] | None,
        typer.Option(
            "--except",
            metavar="KEY",
            autocompletion=complete_removal,
            help="A key that may differ as well; or code, data, device. Repeatable.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="New picture: FILE.png or FILE.svg."),
    ] = None,
    json: Json = False,
) -> None:
    """Report how trainings scale with ranks.

    Compares runs that differ in their ranks and machines, and in nothing else that changes the
    result or the device: samples a second, the speed-up over the fewest ranks, and the efficiency,
    which is the speed-up over how many times more ranks there are. A run counts by the median of
    its epochs without the first, several alike by the median of theirs.
    """
    if not scaling:
        raise UsageError("report needs to be told what about: stride report --scaling EXP")
    target = None if output is None else _new_file(output)
    found = open_experiment(experiment)
    read = read_scaling(found.runs(), tuple(dict.fromkeys(excepted or ())))
    if target is not None:
        _save_picture(target, read)
    if json:
        picture = None if target is None else str(target)
        answer.write_json({"experiment": found.address, **asdict(read), "picture": picture})
        return
    for line in draw_page(read, standard_output()):
        answer.write(line)
    if read.reason is not None:
        answer.note(read.reason)
    if target is not None:
        answer.note(f"the picture is {target}")


def _new_file(text: str) -> Path:
    path = Path(text).expanduser()
    if path.suffix.removeprefix(".") not in FORMATS:
        raise UsageError(f"--output {text}: a picture is a .png or .svg; give such a name")
    if path.exists():
        raise UsageError(f"--output {text} exists already, and is not overwritten")
    if not path.parent.is_dir():
        raise UsageError(f"--output {text}: there is no folder {path.parent}")
    return path


def _save_picture(path: Path, read: Scaling) -> None:
    if read.reason is not None:
        raise UsageError(f"there is no picture: {read.reason}")
    # Deferred: only a picture needs the module that knows matplotlib.
    from stride.report.scaling_picture import draw_scaling

    content = draw_scaling(read.comparisons, path.suffix.removeprefix("."))
    with storage_errors("write", path):
        written = write_exclusive(path, content)
    if not written:
        raise UsageError(f"--output {path} exists already, and is not overwritten")
