"""`stride predict`: predictions of a run for inputs in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stride.cli import answer
from stride.cli.experiment import open_run
from stride.cli.options import Code, Device, Json, RunAddress, Trust, Weights
from stride.errors import UsageError

EXAMPLES = (
    "stride predict exp/3 --input images.npy -o predictions.npy",
    "stride predict exp/3 --input data.npz --key inputs -o predictions.npy",
)
FIELDS = {
    "run": "address of the run",
    "weights": "name of the weights file",
    "device": "where it was computed",
    "input": "file of the inputs",
    "output": "file of the predictions",
    "shape": "of the predictions, samples first",
    "dtype": "of the predictions",
}


def predict(
    run: RunAddress,
    input: Annotated[
        str | None,
        typer.Option("--input", "-i", metavar="FILE", help="Inputs: .npy or .npz, a row a sample."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="New .npy file for the predictions."),
    ] = None,
    key: Annotated[
        str, typer.Option("--key", metavar="NAME", help="Which array of an .npz.")
    ] = "inputs",
    weights: Weights = None,
    code: Code = None,
    trust: Trust = False,
    device: Device = None,
    json: Json = False,
) -> None:
    """Predict with a run's best weights.

    Writes what the task predicts, as a rule the probabilities of the classes or the outputs of the
    model, one row a sample. A file that exists is not overwritten.
    """
    source = _given(input, "--input", "images.npy")
    target = _new_file(_given(output, "--output", "predictions.npy"))
    opened = open_run(run)
    # Deferred: these import torch, and a run that is not there is said without it.
    from stride.cli import loaded as loading
    from stride.training.prediction_file import predict_file, save_array

    found = loading.load(
        opened, device=device, weights=weights, code=code, trust=trust, with_data=False
    )
    with loading.printing_beside_the_answer():
        predictions = predict_file(found, Path(source), key)
    save_array(target, predictions)
    if json:
        answer.write_json(
            {
                "run": opened.address,
                "weights": found.weights,
                "device": str(found.device),
                "input": source,
                "output": str(target),
                "shape": predictions.shape,
                "dtype": str(predictions.dtype),
            }
        )
        return
    answer.write(f"{target}  {list(predictions.shape)} {predictions.dtype}")


def _given(text: str | None, option: str, example: str) -> str:
    if text is None:
        raise UsageError(f"{option} is missing, as in {option} {example}")
    return text


def _new_file(text: str) -> Path:
    path = Path(text).expanduser()
    if path.suffix != ".npy":
        raise UsageError(f"--output {text}: predictions are written as .npy; give such a name")
    if path.exists():
        raise UsageError(f"--output {text} exists already, and is not overwritten")
    if not path.parent.is_dir():
        raise UsageError(f"--output {text}: there is no folder {path.parent}")
    return path
