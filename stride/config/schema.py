"""The schema: the typed, frozen tree of settings of a run.

Groups named `*_kwargs` with a `*_name` in them pick a thing and hold its arguments; what arguments
those are is known to the catalog, not to this file. Each field has its line of help and says
whether it can change the result of a training.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from stride.config.checkpoint_kwargs import CheckpointKwargs
from stride.config.distributed_kwargs import DistributedKwargs
from stride.config.fit_kwargs import FitKwargs
from stride.config.format import FORMAT
from stride.config.loader_kwargs import LoadDataKwargs
from stride.config.log_kwargs import LogKwargs
from stride.config.schema_types import NO_CHANGE, Frozen, Json
from stride.errors import StoredFileError


def _check_device(text: str) -> str:
    if not re.fullmatch(r"[a-z]+(:[0-9]+)?", text):
        raise ValueError('must be "auto", "cpu", "cuda", "cuda:1", "mps" or the like')
    return text


def _check_seed(seed: int) -> int:
    if not 0 <= seed < 2**63:
        raise ValueError("must be 0 or more, and less than 2**63")
    return seed


Seed = Annotated[int, AfterValidator(_check_seed)]
Device = Annotated[str, AfterValidator(_check_device)]


class Named(Frozen):
    """A thing picked by name, with its arguments.

    Attributes:
        name: a built-in, `package.module:Name`, `path/file.py:Name`, or None for nothing.
        arguments: JSON values; every parameter of the thing's signature, chosen or default, but
            those whose default only the thing itself knows.
    """

    name: str | None
    arguments: Json = Field(default_factory=dict)


class SchedulerKwargs(Frozen):
    """A scheduler picked by name, and when it steps."""

    name: str | None = None
    arguments: Json = Field(default_factory=dict)
    interval: Literal["epoch", "step", "evaluation"] = Field(
        default="epoch", description="when the scheduler steps"
    )
    monitor: str | None = Field(
        default=None,
        description="the metric that ReduceLROnPlateau watches; null: the validation loss",
    )
    warmup_steps: int = Field(
        default=0, ge=0, description="steps in which the learning rate rises before the scheduler"
    )
    warmup_factor: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.01, description="share of the learning rate that the warm-up begins with"
    )


class Config(Frozen):
    """All settings of a run, as decided by people and by defaults."""

    seed: Seed = Field(default=0, description="of weights, order of data, augmentation and dropout")
    device: Device = Field(
        default="auto", description="auto, cpu, cuda, cuda:1, mps", json_schema_extra=NO_CHANGE
    )
    task_kwargs: Named = Named(name="supervised")
    dataset_kwargs: Named = Named(name="digits")
    load_data_kwargs: LoadDataKwargs = LoadDataKwargs()
    model_kwargs: Named = Named(name="MLP")
    optimizer_kwargs: Named = Named(name="AdamW")
    scheduler_kwargs: SchedulerKwargs = SchedulerKwargs()
    fit_kwargs: FitKwargs = FitKwargs()
    checkpoint_kwargs: CheckpointKwargs = CheckpointKwargs()
    distributed_kwargs: DistributedKwargs = DistributedKwargs()
    log_kwargs: LogKwargs = LogKwargs()

    def to_json(self) -> Json:
        """The tree as it is stored: `format` first, names and arguments side by side."""
        tree: Json = {"format": FORMAT}
        for field in type(self).model_fields:
            value = getattr(self, field)
            kind = NAMED_GROUPS.get(field)
            if kind is not None:
                others = value.model_dump(mode="json", exclude={"name", "arguments"})
                arguments = copy.deepcopy(value.arguments)
                tree[field] = {f"{kind}_name": value.name, **others, **arguments}
            elif isinstance(value, BaseModel):
                tree[field] = value.model_dump(mode="json")
            else:
                tree[field] = value
        return tree

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> Config:
        """The config of a resolved tree; the arguments of named things are taken as they are.

        Raises:
            StoredFileError: the tree has not the structure of a config of this format.
        """
        values = {key: value for key, value in tree.items() if key != "format"}
        if tree.get("format") != FORMAT:
            raise StoredFileError(f"the config is of format {tree.get('format')}, not {FORMAT}")
        for field, kind in NAMED_GROUPS.items():
            group = values.get(field)
            if not isinstance(group, Mapping) or f"{kind}_name" not in group:
                raise StoredFileError(f"the config has no {field}.{kind}_name")
            model = cls.model_fields[field].annotation
            assert isinstance(model, type) and issubclass(model, BaseModel)
            own = {key for key in model.model_fields if key not in ("name", "arguments")}
            values[field] = {
                "name": group[f"{kind}_name"],
                **{key: value for key, value in group.items() if key in own},
                "arguments": {
                    key: copy.deepcopy(value)
                    for key, value in group.items()
                    if key not in own and key != f"{kind}_name"
                },
            }
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            raise StoredFileError(
                f"the config does not hold together: {key}: {first['msg']}"
            ) from error


NAMED_GROUPS: Final = {
    "task_kwargs": "task",
    "dataset_kwargs": "dataset",
    "model_kwargs": "model",
    "optimizer_kwargs": "optimizer",
    "scheduler_kwargs": "scheduler",
}
"""The groups that pick a thing by name, and what kind of thing."""
