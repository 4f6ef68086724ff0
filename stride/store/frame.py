"""Selected runs as a pandas table, one row a run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from stride.errors import UsageError
from stride.store.index.column import MISSING

if TYPE_CHECKING:
    import pandas

    from stride.store.selection import Selection

_FIELDS = {
    "run": "run.name",
    "id": "run.id",
    "status": "run.status",
    "created": "run.created",
    "epoch": "run.epoch",
    "tags": "run.tags",
    "note": "run.note",
}
_GROUPS = ("config.", "metric.", "last.", "best.", "min.", "max.", "test.")


def build_frame(selection: Selection) -> pandas.DataFrame:
    """Columns: `run`, `id`, `status`, `created`, `epoch`, `tags`, `note`, then by group.

    The groups are `config.*`, `metric.*` (at the best epoch), `last.*`, `best.*`; and `min.*`,
    `max.*`, `test.*` where the query read them. A config key is what the newest attempt that
    changed it made of it. What a run does not have is missing there. A run that cannot be read has
    the status `unreadable`.

    Raises:
        UsageError: pandas is not installed.
    """
    try:
        import pandas  # deferred: a second of import, and nothing else needs it
    except ImportError as error:
        raise UsageError("a table needs pandas: pip install 'stride-experiments[frame]'") from error
    found = dict.fromkeys(name for table in selection.tables for name in table.columns)
    columns = {
        **_FIELDS,
        **{name: name for group in _GROUPS for name in found if name.startswith(group)},
    }
    return pandas.DataFrame(
        {heading: [*map(_cell, selection.values(name))] for heading, name in columns.items()}
    )


def _cell(value: Any) -> Any:
    return math.nan if value is MISSING else value
