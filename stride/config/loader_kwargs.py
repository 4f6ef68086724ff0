"""The settings of the loaders: how data sets are cut into batches."""

from __future__ import annotations

from pydantic import Field

from stride.config.schema_types import NO_CHANGE, Count, Frozen, Json


class LoaderKwargs(Frozen):
    """How a data set is cut into batches for evaluation: in order, every sample once."""

    batch_size: Count = Field(default=64, description="samples in one batch, over all ranks")
    num_workers: int = Field(
        default=0,
        ge=0,
        description="processes that load data; 0: the training's own",
        json_schema_extra=NO_CHANGE,
    )
    collate_name: str | None = Field(
        default=None, description="function that makes a batch of samples; null: torch's default"
    )
    collate_kwargs: Json = Field(default={}, description="arguments of the collate function")


class TrainLoaderKwargs(Frozen):
    """How the training data is cut into batches."""

    batch_size: Count = Field(
        default=64, description="samples of one optimiser step, over all ranks"
    )
    num_workers: int = Field(
        default=0,
        ge=0,
        description="processes that load data; 0: the training's own",
        json_schema_extra=NO_CHANGE,
    )
    shuffle: bool = Field(
        default=True, description="a new order each epoch, from seed and epoch alone"
    )
    drop_last: bool = Field(default=False, description="leave out the last batch where it is short")
    sampler_name: str | None = Field(
        default=None,
        description="order of the samples: weighted, balanced, by_length, or your own; null: all",
    )
    sampler_kwargs: Json = Field(default={}, description="arguments of the sampler")
    collate_name: str | None = Field(
        default=None, description="function that makes a batch of samples; null: torch's default"
    )
    collate_kwargs: Json = Field(default={}, description="arguments of the collate function")


class LoadDataKwargs(Frozen):
    """The loaders of the three splits."""

    train_loader_kwargs: TrainLoaderKwargs = TrainLoaderKwargs()
    val_loader_kwargs: LoaderKwargs = LoaderKwargs()
    test_loader_kwargs: LoaderKwargs = LoaderKwargs()
