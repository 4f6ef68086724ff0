"""`stride sweep --show` and `--dry-run`: how a sweep stands, and what it would try."""

from __future__ import annotations

from pathlib import Path

from stride.cli import answer
from stride.cli.new_file import new_file
from stride.cli.sweep_page import draw_points, draw_sweep, summary_fields
from stride.cli.sweep_plan import SweepPlan, find_sweep
from stride.cli.terminal import standard_output
from stride.errors import UsageError
from stride.files import storage_errors, write_exclusive
from stride.store.work_dir import WorkDir
from stride.sweep.definition import read_definition
from stride.sweep.drawing import first_points
from stride.sweep.space import grid_size, is_grid
from stride.sweep.summary import Summary, read_summary

PICTURES = ("png", "svg")
_SHOWN = 20


def print_points(plan: SweepPlan, *, json: bool) -> None:
    definition = plan.definition
    points = first_points(definition, definition.trials if json else _SHOWN)
    if json:
        answer.write_json({**summary_fields(plan.folder, None, definition), "points": points})
        return
    for line in draw_points(definition, points, standard_output()):
        answer.write(line)
    size = f", a grid of {grid_size(definition.space)}" if is_grid(definition.space) else ""
    answer.note(
        f"{plan.folder.address} would have {definition.trials} trials by"
        f" {definition.sampler}{size}; nothing was made"
    )


def show_sweep(place: WorkDir, name: str | None, output: str | None, *, json: bool) -> None:
    target = None if output is None else new_file(output, PICTURES, "a picture")
    folder = find_sweep(place, name)
    definition = read_definition(folder)
    summary = read_summary(folder, definition)
    if target is not None:
        _save_picture(target, summary)
    if json:
        answer.write_json({**summary_fields(folder, summary), "picture": output})
        return
    for line in draw_sweep(folder, summary, standard_output()):
        answer.write(line)
    if target is not None:
        answer.note(f"the picture is {target}")


def _save_picture(path: Path, summary: Summary) -> None:
    if not summary.history:
        raise UsageError("there is no picture: no trial is completed yet")
    # Deferred: only a picture needs the module that knows matplotlib.
    from stride.sweep.picture import draw_history

    content = draw_history(summary, path.suffix.removeprefix("."))
    with storage_errors("write", path):
        if not write_exclusive(path, content):
            raise UsageError(f"--output {path} exists already, and is not overwritten")
