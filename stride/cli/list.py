"""`stride list`: the runs of experiments: the newest, or those that a query finds, in any order."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator

from stride.cli import answer
from stride.cli.experiments import open_experiments
from stride.cli.list_options import (
    Columns,
    Csv,
    Every,
    Experiments,
    GroupBy,
    Limit,
    Recursive,
    Sort,
    Watch,
    Where,
)
from stride.cli.list_query import Listing
from stride.cli.listing import draw_listing
from stride.cli.options import Json
from stride.cli.parameters import whole_number
from stride.cli.run_json import FIELDS as RUN_FIELDS
from stride.cli.run_json import run_fields
from stride.cli.terminal import standard_output
from stride.errors import UsageError
from stride.store.row import read_row
from stride.store.work_dir import WorkDir

NEWEST = 30

EXAMPLES = (
    "stride list exp",
    "stride list exp --limit 0  # all of them",
    "stride list exp --where 'val_accuracy > 0.97 and lr in [1e-3, 3e-4]' --sort best",
    "stride list exp --where \"status == 'failed' and created > '2 days ago'\"",
    "stride list exp --sort -val_accuracy --columns 'status,val_*,min.val_loss,*.lr'",
    "stride list exp --group-by config  # seeds as one: n, mean, spread, missing seeds",
    "stride list exps/* --sort best --limit 10",
    "stride list exp --where \"'paper' in tags\" --csv > runs.csv",
    "stride list exp --json | jq '.[] | select(.status == \"completed\") | .address'",
)
FIELDS = {
    "[]": "an array, one run a line, newest first or as sorted; with --columns an element holds "
    "`address` and by their full names the columns that the run has; with --group-by it is a "
    "group: `group`, `runs`, `n`, `seeds`, `missing_seeds`, `metrics` (docs/finding.md)",
    **RUN_FIELDS,
}


def list(
    experiments: Experiments = None,
    where: Where = None,
    sort: Sort = None,
    columns: Columns = None,
    group_by: GroupBy = None,
    limit: Limit = None,
    recursive: Recursive = False,
    watch: Watch = False,
    every: Every = None,
    csv: Csv = False,
    json: Json = False,
) -> None:
    """List runs: status, best metric, what differs.

    The status of a run that was left running is worked out from what is known of its process:
    alive, crashed, stalled or unknown. Config keys are shown where the runs listed differ in them:
    names of things first, then what people chose; those that have no room are named below, and
    arguments that only one model or optimiser has are counted. A run whose files cannot be read is
    marked, with the reason.

    A name in --where, --sort and --columns is a run field (status, created, tags, ...), then a
    metric, at the best epoch by the run's monitor, then a config key, of which the last part is
    enough. last. min. max. and test. before a metric choose other values of it.
    """
    if json and csv:
        raise UsageError("--json and --csv are two answers; give one of them")
    seconds = _watching(watch, every, other=json or csv)
    found = open_experiments(experiments or (), recursive=recursive)
    default = 0 if json or csv else NEWEST
    count = default if limit is None else whole_number("--limit", limit)
    if len(found) == 1 and not (where or sort or columns or group_by or csv):
        listed: _Newest | Listing = _Newest(found[0], count)
    else:
        listed = Listing(found, where or (), sort or (), columns or (), group_by or (), count)
    if watch:
        from stride.cli.watch import watch as draw_again  # deferred: seldom asked for

        draw_again(listed.draw, seconds)
        return
    if json:
        answer.write_json_array(listed.fields())
        return
    for line in listed.csv() if csv and isinstance(listed, Listing) else listed.draw():
        answer.write(line)
    if remark := listed.remark():
        answer.note(remark)


def _watching(watch: bool, every: str | None, *, other: bool) -> float:
    """How often to draw, in seconds; looks first whether that can be done at all."""
    if not watch:
        if every is not None:
            raise UsageError("--every says how often --watch draws; give --watch as well")
        return 0.0
    if other:
        raise UsageError("--watch draws on a terminal; leave --json and --csv out")
    from stride.cli.watch import check_watchable  # deferred: seldom asked for

    check_watchable()
    try:
        seconds = 2.0 if every is None else float(every)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < 86_400:
        raise UsageError(f"--every takes seconds, as in --every 5, not {every!r}")
    return seconds


class _Newest:
    """The newest runs of one experiment, of which nothing needs to be known but their names."""

    def __init__(self, experiment: WorkDir, count: int) -> None:
        self._experiment = experiment
        self._count = count
        self._empty = False

    def fields(self) -> Iterator[dict[str, object]]:
        """The runs in JSON, each as soon as it is read."""
        runs = self._experiment.newest(self._count or sys.maxsize)
        return (run_fields(read_row(run)) for run in runs)

    def draw(self) -> Iterator[str]:
        """The lines of the table."""
        runs = self._experiment.newest(self._count or sys.maxsize)
        self._empty = not runs
        if not runs:
            return
        total = self._experiment.count() if len(runs) == self._count else len(runs)
        rows = [read_row(run) for run in runs]
        yield from draw_listing(rows, standard_output())
        if total > len(rows):
            yield f"\n{len(rows)} newest of {total} runs; --limit 0 lists all"

    def remark(self) -> str | None:
        """What is to say beside the answer."""
        path = self._experiment.address
        return (
            f"{path} has no runs yet; stride fit --config work_dir={path} makes one"
            if self._empty
            else None
        )
