"""`stride create`: claims a run with its config, to be trained later."""

from __future__ import annotations

from stride.cli import answer
from stride.cli.already_run import Looking, asked_of, look_by_config, say
from stride.cli.made_from import made_from
from stride.cli.options import Config, ConfigFile, IfNeeded, Json, ParentRun, Remove, Trust
from stride.cli.run_json import FIELDS as RUN_FIELDS
from stride.cli.run_json import run_fields
from stride.cli.settings import read_settings, refuse_taken_name
from stride.store.row import read_row
from stride.store.run import Run
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
    if_needed: IfNeeded = False,
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
    code = code_of(resolved.config)
    asked = asked_of(resolved.config, resolved.chosen)
    if asked is not None:
        looking = Looking(made.experiment, asked, if_needed)
        found = look_by_config(looking, code)
        if found is not None:
            say(found)
            if if_needed and found.is_same:
                _answer(found.row.run, json=json)
                return
    run = made.experiment.create(
        resolved.config.to_json(),
        name=settings.run,
        overrides=settings.typed,
        chosen=resolved.chosen,
        parents=made.parents,
        code=code,
    )
    _answer(run, json=json)


def _answer(run: Run, *, json: bool) -> None:
    if json:
        answer.write_json(run_fields(read_row(run)))
        return
    answer.write(run.address)
