"""The probe of a sweep: a process that builds a training, and says what it would measure.

`python -m stride.sweep.probe` reads a config from its standard input; it makes no run.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

from stride.config.schema import Config
from stride.errors import StrideError


def probe(tree: dict[str, Any]) -> dict[str, Any]:
    """Monitors and columns of the training of a config.

    Raises:
        StrideError: it would not begin.
    """
    # Deferred: these import torch, and what imports this module may not want it.
    from stride.training.assembly import build_parts
    from stride.training.columns import columns_of
    from stride.training.data import load_data
    from stride.training.device import choose_device
    from stride.training.given import Given
    from stride.training.seeding import own_randomness
    from stride.training.things import build_callbacks

    config = Config.from_json(tree)
    device = choose_device(config.device)
    with own_randomness(config.seed):
        data = load_data(config, Given(), device)
        build_callbacks(config)
        parts, _ = build_parts(config, data, Given(), device)
    columns = columns_of(parts.task.metrics(), has_val=parts.val is not None)
    return {"monitors": [str(each) for each in parts.monitors], "columns": list(columns)}


def main() -> None:
    """Answer on standard output: `monitors` and `columns`, or `error`."""
    tree = json.loads(sys.stdin.read())
    try:
        with contextlib.redirect_stdout(sys.stderr):
            answer = probe(tree)
    except StrideError as error:
        answer = {"error": str(error)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
