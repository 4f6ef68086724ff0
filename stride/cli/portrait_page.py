"""The page of `stride show`: a portrait of a run in lines for a person."""

from __future__ import annotations

from collections.abc import Iterator

from stride.cli.page import INDENT, Section, draw_sections, wrapped
from stride.cli.portrait_config import config_section, found_section
from stride.cli.portrait_origin import code_pairs, file_pairs, machine_pairs, notes
from stride.cli.status import STYLES
from stride.cli.table import Cell, Column, draw_table
from stride.cli.terminal import Terminal
from stride.cli.text import harmless
from stride.cli.value import NOTHING, duration_text, metric_text, moment_text, progress_text
from stride.report.portrait import Portrait, seconds_of
from stride.store.record import AttemptRecord


def draw_portrait(portrait: Portrait, terminal: Terminal, *, every: bool) -> Iterator[str]:
    """All lines of the page; with `every` also each default and each file."""
    status = portrait.row.status
    name = terminal.paint(harmless(portrait.row.run.address), "bold")
    yield f"{name}  {terminal.paint(status, STYLES[status])}"
    yield from draw_sections(_first_sections(portrait, every), terminal)
    yield from _draw_attempts(portrait.record.attempts, terminal)
    yield from draw_sections(_last_sections(portrait, every), terminal)


def _first_sections(portrait: Portrait, every: bool) -> Iterator[Section]:
    yield Section("Run", [*_about(portrait)])
    for name, numbers in portrait.results.items():
        pairs = [(harmless(key), Cell(metric_text(value))) for key, value in numbers.items()]
        yield Section(f"Results ({harmless(name)}.json)", pairs)
    yield config_section(portrait, every)
    yield found_section(portrait)


def _last_sections(portrait: Portrait, every: bool) -> Iterator[Section]:
    yield Section("Code", [*code_pairs(portrait.provenance)])
    yield Section("Machine", [*machine_pairs(portrait.provenance)])
    yield Section("Notes", [("-", Cell(note, "yellow")) for note in notes(portrait.provenance)])
    yield Section("Files", [*file_pairs(portrait.files, every)])


def _about(portrait: Portrait) -> Iterator[tuple[str, Cell]]:
    record, row = portrait.record, portrait.row
    if record.error is not None:
        yield "error", Cell(harmless(f"{record.error.type}: {record.error.message}"), "red")
        if record.error.where:
            yield "raised at", Cell(harmless(record.error.where))
    elif row.verdict is not None and row.verdict.reason:
        yield "reason", Cell(harmless(row.verdict.reason), STYLES[row.status])
    if row.labels is not None and row.labels.tags:
        yield "tags", Cell(harmless(" ".join(row.labels.tags)), "yellow")
    if row.labels is not None and row.labels.note:
        yield "note", Cell(harmless(row.labels.note))
    if record.progress is not None:
        step = "" if record.progress.step is None else f"step {record.progress.step}"
        far = progress_text(record.progress)
        yield "progress", Cell(far if far.startswith("step") or not step else f"{far}, {step}")
    for best in record.best:
        place = f"{best.mode}, epoch {best.epoch}, step {best.step}"
        value = f"{metric_text(best.value)} ({place})"
        yield f"best {harmless(best.monitor)}", Cell(value, "green")
    if record.last:
        numbers = (f"{harmless(k)}={metric_text(v)}" for k, v in record.last.items())
        yield "last", Cell("  ".join(numbers))
    yield "created", Cell(f"{moment_text(record.created)} by stride {harmless(record.stride)}")
    if record.overrides:
        yield "overrides", Cell(harmless("  ".join(record.overrides)))
    for parent in record.parents:
        yield harmless(parent.relation), Cell(harmless(f"{parent.work_dir}/{parent.run}"))
    for code in record.code:
        yield "code", Cell(harmless(f"{code.reference} ({code.path or 'built-in'})"))
    yield "folder", Cell(harmless(str(row.run.path.absolute())))
    yield "id", Cell(harmless(record.id))


def _draw_attempts(attempts: tuple[AttemptRecord, ...], terminal: Terminal) -> Iterator[str]:
    """A row an attempt; what each was given beside the config of the run, and began with."""
    if not attempts:
        return
    rows = [[Cell(harmless(text)) for text in _attempt_texts(each)] for each in attempts]
    inner = Terminal(terminal.colour, terminal.width and terminal.width - len(INDENT))
    yield ""
    yield terminal.paint("Attempts", "bold")
    yield from (INDENT + line for line in draw_table(_ATTEMPT_COLUMNS, rows, inner))
    for attempt in attempts:
        for text in _beginning(attempt):
            yield from (INDENT + line for line in wrapped(harmless(text), inner, hanging=2))


def _beginning(attempt: AttemptRecord) -> Iterator[str]:
    """What an attempt went on from, what it was given, and what else is to know of it."""
    if attempt.overrides:
        yield f"with attempt {attempt.number}: {'  '.join(attempt.overrides)}"
    if attempt.checkpoint is not None:
        yield f"attempt {attempt.number} went on from {attempt.checkpoint}"
    yield from (f"attempt {attempt.number}: {note}" for note in attempt.notes)


_ATTEMPT_COLUMNS = (
    Column("attempt", right=True),
    *map(Column, ("started", "took", "steps", "outcome", "device", "pid", "host")),
)


def _attempt_texts(attempt: AttemptRecord) -> Iterator[str]:
    seconds = seconds_of(attempt)
    yield str(attempt.number)
    yield moment_text(attempt.started)
    yield NOTHING if seconds is None else duration_text(seconds)
    yield NOTHING if attempt.last_step is None else f"{attempt.first_step}-{attempt.last_step}"
    yield attempt.outcome or NOTHING
    yield attempt.device or NOTHING
    yield str(attempt.pid)
    yield attempt.host
