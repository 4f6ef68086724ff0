"""`stride create`: claims a run with its config, to be trained later."""

from __future__ import annotations

from stride.cli import answer
from stride.cli.made_from import made_from
from stride.cli.options import Config, ConfigFile, Json, ParentRun, Remove, Trust
from stride.cli.run_json import FIELDS as RUN_FIELDS
from stride.cli.run_json import run_fields
from stride.cli.settings import read_settings, refuse_taken_name
from stride.store.row import read_row
from stride.training.things import code_of

EXAMPLES = (
    "stride create --config work_dir=exp --config optimizer_kwargs.lr=3e-4",
    "stride create --config work_dir=exp --config run=baseline",
    "stride create --parent exp/9 --config seed=1",
    "stride fit $(stride create --config work_dir=exp)",
)
FIELDS = RUN_FIELDS


def create(
    config: Config = None,
    config_file: ConfigFile = None,
    remove: Remove = None,
    parent: ParentRun = None,
    trust: Trust = False,
    json: Json = False,
) -> None:
    """Claim a run with its config; train it later.

    Prints the address of the new run, as stride fit takes it. Names, keys and types are checked;
    the device and the data are checked when it trains.
    """
    settings = read_settings(config, config_file, remove)
    made = made_from(settings, parent, trust=trust)
    resolved = made.resolved
    refuse_taken_name(made.experiment, settings.run)
    run = made.experiment.create(
        resolved.config.to_json(),
        name=settings.run,
        overrides=settings.typed,
        chosen=resolved.chosen,
        parents=made.parents,
        code=code_of(resolved.config),
    )
    if json:
        answer.write_json(run_fields(read_row(run)))
        return
    answer.write(run.address)
