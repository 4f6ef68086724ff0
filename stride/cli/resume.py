"""`stride resume`: goes on with a run from its newest checkpoint."""

from __future__ import annotations

import os

from stride.cli.experiment import open_run
from stride.cli.joining import meeting, plan_together
from stride.cli.launch import launch, read_launch
from stride.cli.options import (
    ConfigKeys,
    Json,
    LauncherName,
    MaxRestarts,
    NprocPerNode,
    RunAddress,
    Takeover,
    Trust,
)
from stride.cli.plan import Plan, plan_resumed
from stride.cli.settings import read_settings
from stride.cli.training import FIELDS as TRAINING_FIELDS
from stride.cli.training import train_and_answer
from stride.training.ranks.environment import find_ranks

EXAMPLES = (
    "stride resume exp/3",
    "stride resume exp/3 --config fit_kwargs.max_epochs=40",
    "stride resume exp/3 --nproc-per-node 4",
    "stride resume exp/latest --takeover  # its host is gone, and cannot be asked",
)
FIELDS = TRAINING_FIELDS


def resume(
    run: RunAddress,
    config: ConfigKeys = None,
    nproc_per_node: NprocPerNode = None,
    max_restarts: MaxRestarts = None,
    launcher: LauncherName = None,
    takeover: Takeover = False,
    trust: Trust = False,
    json: Json = False,
) -> None:
    """Go on with a run from its newest checkpoint.

    The newest that is whole is taken; what was skipped is said. Without one the run begins again.
    Settings stand with the attempt; one that would make another experiment of the run is refused.
    """
    place = find_ranks(os.environ, launcher)
    launched = read_launch(nproc_per_node, max_restarts, place)
    if launched is not None:
        launch(launched)
        return
    settings = read_settings(config, None, None)
    with meeting(place) as met:
        plan = plan_together(
            met, lambda: plan_resumed(open_run(run), settings, takeover=takeover, trust=trust)
        )
        assert isinstance(plan, Plan)
        train_and_answer(plan, launcher="stride resume", place=place, met=met, json=json)
