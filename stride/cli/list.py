"""`stride list`: the runs of experiments: the newest, or those that a query finds, in any order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

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
from stride.cli.newest_runs import NewestRuns
from stride.cli.options import Json
from stride.cli.parameters import whole_number
from stride.cli.run_json import FIELDS as RUN_FIELDS
from stride.errors import UsageError

if TYPE_CHECKING:
    from stride.cli.found_runs import FoundRuns

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
    listed: NewestRuns | FoundRuns
    if len(found) == 1 and not (where or sort or columns or group_by or csv):
        listed = NewestRuns(found[0], count)
    else:
        # Deferred: the newest runs are listed without the index and the language of queries.
        from stride.cli.found_runs import FoundRuns

        texts = (where or (), sort or (), columns or (), group_by or ())
        listed = FoundRuns(found, *texts, limit=count, csv=csv)
    if watch:
        from stride.cli.watch import watch as draw_again  # deferred: seldom asked for

        draw_again(listed.lines, seconds)
        return
    if json:
        answer.write_json_array(listed.fields())
        return
    for line in listed.lines():
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
