"""`stride evaluate`: measures a run on a split of its data."""

from __future__ import annotations

from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.experiment import open_run
from stride.cli.options import Code, Data, Device, Json, RunAddress, Trust, Weights
from stride.cli.value import metric_text

EXAMPLES = (
    "stride evaluate exp/3 --split test",
    "stride evaluate exp/3 --split val --weights last --json",
    "stride evaluate exp/3 --config dataset_kwargs.path=/new/place/data.npz",
)
FIELDS = {
    "run": "address of the run",
    "split": "train, val or test",
    "weights": "name of the weights file",
    "device": "where it was computed",
    "metrics": "losses and metrics by name, `<split>_loss` and so on",
    "saved": "the file in results/ with --save; else null",
}


def evaluate(
    run: RunAddress,
    split: Annotated[
        str, typer.Option("--split", metavar="SPLIT", help="train, val or test.")
    ] = "test",
    save: Annotated[
        bool, typer.Option("--save", help="Write the metrics to a new file in results/ as well.")
    ] = False,
    weights: Weights = None,
    code: Code = None,
    trust: Trust = False,
    device: Device = None,
    config: Data = None,
    json: Json = False,
) -> None:
    """Measure a run on a split of its data.

    Every sample counts once. Nothing in the run is changed; with --save a file is added.
    """
    opened = open_run(run)
    # Deferred: it imports torch, and a run that is not there is said without it.
    from stride.cli import loaded as loading

    checked = loading.check_split(split)
    found = loading.load(
        opened, device=device, weights=weights, code=code, trust=trust, with_data=True
    )
    metrics = loading.measure(found, checked, config, code)
    saved = opened.save_results(metrics, checked) if save else None
    if json:
        answer.write_json(
            {
                "run": opened.address,
                "split": checked,
                "weights": found.weights,
                "device": str(found.device),
                "metrics": metrics,
                "saved": saved,
            }
        )
        return
    if saved is not None:
        answer.note(f"saved in {saved}")
    width = max(map(len, metrics))
    for name, value in metrics.items():
        answer.write(f"{name:<{width}}  {metric_text(value)}")
