"""`stride init`: makes an experiment and its config."""

from __future__ import annotations

from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.options import ConfigFile, ConfigKeys, Json, Remove
from stride.cli.settings import read_settings
from stride.errors import ConfigError, UsageError
from stride.store.work_dir import WorkDir

EXAMPLES = (
    "stride init exp",
    "stride init exp --config model_kwargs.model_name=ResNet --config fit_kwargs.max_epochs=40",
    "stride init . --config-file base.yaml  # this folder, with what it holds already",
)
FIELDS = {
    "experiment": "the folder as typed",
    "path": "its absolute path",
    "config": "what was chosen for the experiment, as its config.json holds it",
}


def init(
    experiment: Annotated[str, typer.Argument(metavar="EXP", help="The folder to make or take.")],
    config: ConfigKeys = None,
    config_file: ConfigFile = None,
    remove: Remove = None,
    json: Json = False,
) -> None:
    """Make an experiment and its config.

    Every run of the experiment starts from the keys given here; they are checked now. A folder with
    other content is taken as well, and keeps what it has.
    """
    settings = read_settings(config, config_file, remove)
    if settings.work_dir is not None:
        raise ConfigError(f"init takes the folder as its argument: stride init {settings.work_dir}")
    if settings.run is not None:
        raise ConfigError("init makes no run; stride create does, with --config run=NAME")
    work_dir = WorkDir(experiment)
    chosen = settings.resolve(None).chosen_tree()
    if not work_dir.initialize(chosen, adopt=True):
        raise UsageError(
            f"{experiment} is an experiment already; edit its {work_dir.config_path.name} to "
            "change what its next runs start from"
        )
    if json:
        tree = {"experiment": experiment, "path": str(work_dir.path), "config": chosen}
        answer.write_json(tree)
        return
    answer.write(experiment)
