"""What the ranks of these tests do: each scene is played by every one of them."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import TensorDataset

from stride.config.resolution import Layer, resolve
from stride.store.provenance.take import start_taking
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.catalog import BuiltinCatalog
from stride.training.data import load_split
from stride.training.evaluation import evaluate
from stride.training.fit_plan import plan_fit
from stride.training.fitting import fit_run
from stride.training.given import Given
from stride.training.progress import choose_view
from stride.training.ranks import buckets
from stride.training.ranks.environment import find_ranks
from stride.training.ranks.process_group import join
from stride.training.settings import Settings
from stride.training.supervised import Supervised
from tests.resilience.deaths import Fate
from tests.resilience.own_parts import Net, Spread
from tests.resilience.training_cases import case_named

MEETING_SECONDS = 8.0
"""How long ranks wait at their start for one that was killed before it: no launcher ends them."""


def play(scene: str, arguments: Mapping[str, Any], fate: Fate) -> Any:
    """Play a scene, and give its answer as JSON values."""
    torch.set_num_threads(1)
    return {"train": train, "measure": measure}[scene](fate, **arguments)


def train(
    fate: Fate,
    *,
    case: str,
    settings: Mapping[str, Any],
    overrides: Mapping[str, Any],
    bucket_bytes: int | None,
    patience: float,
    largest_files: Mapping[str, int],
) -> None:
    """Create the run `x` of the experiment `exp` and train it, or go on with it, or see that it is
    done; each rank plans for itself, as `stride fit --resume` does.

    Args:
        bucket_bytes: of the buckets in which gradients are summed.
        patience: seconds that a rank is waited for.
        largest_files: bytes that a file of a rank may have; writing more fails like a full disk.
    """
    if bucket_bytes is not None:
        buckets.BUCKET_BYTES = bucket_bytes
    place = find_ranks(os.environ)
    assert place is not None
    fate.begin()
    work_dir = WorkDir(Path("exp"))
    arguments = case_named(case).arguments(above=dict(settings))
    chosen = Settings(work_dir, arguments, Given())
    plan = plan_fit(chosen, overrides, name="x", resume=True, continue_from=None, init_from=None)
    if isinstance(plan, Run):
        return
    with (
        _full_disk(largest_files.get(str(place.rank))),
        join(
            place, torch.device("cpu"), patience=patience, meeting_seconds=MEETING_SECONDS
        ) as ranks,
    ):
        fit_run(
            plan.config,
            plan.claim,
            given=Given(),
            view=choose_view(sys.stderr, progress=False),
            taking=start_taking(experiment=work_dir.path),
            beginning=plan.beginning,
            ranks=ranks,
        )


@contextlib.contextmanager
def _full_disk(largest: int | None) -> Iterator[None]:
    """Inside, files may have so many bytes; the answer of this process has its place afterwards."""
    if largest is None:
        yield
        return
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)


class Measured(Supervised):
    """With a metric that is no sum."""

    def metrics(self) -> dict[str, Any]:
        return {**super().metrics(), "spread": Spread()}


def measure(fate: Fate, *, samples: int, batch_size: int) -> dict[str, str]:
    """Evaluate a model with batch norm on so many samples, by two tasks: every number, exactly."""
    place = find_ranks(os.environ)
    assert place is not None
    device = torch.device("cpu")
    torch.manual_seed(3)
    model = Net(hidden=64)
    model(torch.randn(160, 8))
    inputs = torch.randn(samples, 8)
    tasks = {
        "classes": (Measured("CrossEntropyLoss", metrics=["accuracy"]), inputs[:, :3].argmax(1)),
        "numbers": (Measured("MSELoss", metrics=["mae", "mse", "rmse", "r2"]), inputs[:, :3].exp()),
    }
    tree = {"load_data_kwargs": {"val_loader_kwargs": {"batch_size": batch_size}}}
    config = resolve([Layer("", tree)], BuiltinCatalog()).config
    found = {}
    with join(place, device) as ranks:
        for kind, (task, targets) in tasks.items():
            given = Given(datasets={"val": TensorDataset(inputs, targets)})
            _, batches = load_split(config, given, "val", device, ranks=ranks)
            assert batches is not None
            for name, value in evaluate(task, model, batches, device, ranks=ranks).items():
                found[f"{kind}.{name}"] = value.hex()
    return found
