"""The part of `stride report` that tells how trainings scale with ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from stride.cli import answer
from stride.cli.new_file import new_file
from stride.cli.scaling_page import draw_page
from stride.cli.terminal import standard_output
from stride.errors import UsageError
from stride.files import storage_errors, write_exclusive
from stride.report.scaling import Scaling, read_scaling
from stride.store.work_dir import WorkDir

FORMATS = ("png", "svg")

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


def report_scaling(
    experiment: WorkDir, excepted: Sequence[str], output: str | None, *, json: bool
) -> None:
    """Write the comparison, and its picture where one is asked for.

    Raises:
        UsageError: of the file, or of a key that no run has.
    """
    target = None if output is None else new_file(output, FORMATS, "a picture")
    read = read_scaling(experiment.runs(), tuple(dict.fromkeys(excepted)))
    if target is not None:
        _save_picture(target, read)
    if json:
        picture = None if target is None else str(target)
        answer.write_json({"experiment": experiment.address, **asdict(read), "picture": picture})
        return
    for line in draw_page(read, standard_output()):
        answer.write(line)
    if read.reason is not None:
        answer.note(read.reason)
    if target is not None:
        answer.note(f"the picture is {target}")


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
