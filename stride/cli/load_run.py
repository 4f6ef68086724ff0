"""`stride load-run`: rebuilds a run's model, verifies its weights, and says how to use it."""

from __future__ import annotations

from collections.abc import Iterator
from json import dumps as json_text
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stride.cli import answer
from stride.cli.experiment import open_run
from stride.cli.options import Code, Data, Device, Json, RunAddress, Trust, Weights
from stride.cli.page import draw_pairs
from stride.cli.parameters import fraction
from stride.cli.run_json import FIELDS as RUN_FIELDS
from stride.cli.run_json import run_fields
from stride.cli.status import STYLES
from stride.cli.table import Cell, Column, draw_table
from stride.cli.terminal import Terminal, standard_output
from stride.cli.text import harmless
from stride.cli.value import NOTHING, metric_text, size_text, value_text
from stride.errors import VerificationError
from stride.store.row import read_row

if TYPE_CHECKING:
    from stride.training.loading import Loaded

TOLERANCE = "1e-4"

EXAMPLES = (
    "stride load-run exp/3",
    "stride load-run exp/3 --evaluate val  # measure again, and compare",
    "stride load-run exp/3 --code ~/projects/nets --device cpu",
)
FIELDS = RUN_FIELDS | {
    "weights": "name of the file, its size in bytes, its sha256 digest, and `verified`",
    "device": "where the model is",
    "model": "class of the model",
    "parameters": "number of its parameters",
    "resolved": "what the data decided: input_shape, output_shape and others, by dotted key",
    "evaluation": "null without --evaluate; else split, recorded, measured, tolerance and holds",
}


def load_run(
    run: RunAddress,
    evaluate: Annotated[
        str | None,
        typer.Option(
            "--evaluate",
            metavar="SPLIT",
            help="Measure again on train, val or test; exit 3 if what was recorded is not reached.",
        ),
    ] = None,
    tolerance: Annotated[
        str,
        typer.Option(
            "--tolerance",
            metavar="X",
            help="How far a metric may be off, relative where it is above 1.",
        ),
    ] = TOLERANCE,
    weights: Weights = None,
    code: Code = None,
    trust: Trust = False,
    device: Device = None,
    config: Data = None,
    json: Json = False,
) -> None:
    """Rebuild a run's model; verify its weights.

    Prints what the run is and how to use it from Python. Reads no data, unless --evaluate asks for
    it. Weights whose digest is not the recorded one are refused, with exit code 3.
    """
    opened = open_run(run)
    allowed = fraction("--tolerance", tolerance)
    # Deferred: it imports torch, and a run that is not there is said without it.
    from stride.cli import loaded as loading

    split = None if evaluate is None else loading.check_split(evaluate)
    found = loading.load(
        opened, device=device, weights=weights, code=code, trust=trust, with_data=split is not None
    )
    evaluation: dict[str, Any] | None = None
    broken: list[str] = []
    if split is not None:
        recorded = loading.recorded_metrics(found, split)
        measured = loading.measure(found, split, config, code)
        broken = loading.broken(recorded, measured, allowed)
        evaluation = {
            "split": split,
            "recorded": recorded,
            "measured": measured,
            "tolerance": allowed,
            "holds": not broken if recorded else None,
        }
    fields = _fields(found, evaluation)
    if json:
        answer.write_json(fields)
    else:
        for line in _draw(fields, standard_output()):
            answer.write(line)
    if broken:
        raise VerificationError(
            f"{opened.address} does not reach what was recorded: {', '.join(broken)}"
        )


def _fields(found: Loaded, evaluation: dict[str, Any] | None) -> dict[str, Any]:
    run = found.run
    path = run.weights_file(found.weights)
    return {
        **run_fields(read_row(run)),
        "weights": {
            "file": found.weights,
            "size": path.stat().st_size,
            "digest": found.record.digests.get(found.weights),
            "verified": found.weights in found.record.digests,
        },
        "device": str(found.device),
        "model": type(found.model).__name__,
        "parameters": sum(parameter.numel() for parameter in found.model.parameters()),
        "resolved": found.record.resolved,
        "evaluation": evaluation,
    }


def _draw(fields: dict[str, Any], terminal: Terminal) -> Iterator[str]:
    name = terminal.paint(harmless(fields["address"]), "bold")
    status = terminal.paint(fields["status"], STYLES[fields["status"]])
    yield f"{name}  {status}"
    yield from draw_pairs([*_pairs(fields)], terminal)
    if fields["evaluation"] is not None:
        yield ""
        yield from _draw_evaluation(fields["evaluation"], terminal)
    yield ""
    yield terminal.paint("From Python", "bold")
    yield from (f"  {line}".rstrip() for line in _how_to_use(fields))


def _pairs(fields: dict[str, Any]) -> Iterator[tuple[str, Cell]]:
    size = f"{fields['parameters']:,} parameters"
    yield "model", Cell(harmless(f"{fields['model']}, {size}, on {fields['device']}"))
    for word in ("input", "output"):
        shape = fields["resolved"].get(f"{word}_shape")
        if shape is not None:
            yield word, Cell(harmless(value_text(shape)))
    for best in fields["best"]:
        place = f"{best['mode']}, epoch {best['epoch']}, step {best['step']}"
        value = f"{metric_text(best['value'])} ({place})"
        yield f"best {harmless(best['monitor'])}", Cell(value)
    weights = fields["weights"]
    said = "digest verified" if weights["verified"] else "no digest was recorded"
    style = "" if weights["verified"] else "yellow"
    yield "weights", Cell(f"{weights['file']}, {size_text(weights['size'])}, {said}", style)


def _draw_evaluation(evaluation: dict[str, Any], terminal: Terminal) -> Iterator[str]:
    """What was recorded and what is measured now, beside each other."""
    recorded, measured = evaluation["recorded"], evaluation["measured"]
    columns = [Column(evaluation["split"]), Column("recorded", True), Column("measured", True)]
    rows = [
        [
            Cell(f"  {harmless(name)}", "cyan"),
            Cell(metric_text(recorded[name]) if name in recorded else NOTHING),
            Cell(metric_text(measured[name]) if name in measured else NOTHING),
        ]
        for name in dict.fromkeys([*measured, *recorded])
    ]
    yield from draw_table(columns, rows, terminal)
    if evaluation["holds"] is None:
        yield "nothing was recorded for this split with these weights"
    elif evaluation["holds"]:
        yield terminal.paint("what was recorded holds", "green")
    else:
        yield terminal.paint("what was recorded does not hold", "red")


def _how_to_use(fields: dict[str, Any]) -> Iterator[str]:
    number = fields["number"]
    experiment = json_text(fields["address"].rpartition("/")[0])
    reference = fields["run"] if number is not None else json_text(fields["run"])
    shape = fields["resolved"].get("input_shape")
    sample = f"  # a row a sample: (samples, {', '.join(map(str, shape))})" if shape else ""
    yield "from stride import Trainer"
    yield ""
    yield f"trainer = Trainer(work_dir={experiment})"
    yield f"trainer.load_run({reference})"
    yield 'trainer.evaluate("test")'
    yield f"trainer.predict(inputs){sample}"
    yield "trainer.model  # the torch module, with these weights"
