"""The page of `stride show`: a portrait of a run in lines for a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from stride.cli.listing import progress_text
from stride.cli.page import Section, draw_sections
from stride.cli.portrait import Portrait
from stride.cli.row import STYLES
from stride.cli.run_json import settings_of, status_of
from stride.cli.table import Cell, Column, draw_table
from stride.cli.terminal import Terminal
from stride.cli.text import harmless
from stride.cli.value import (
    NOTHING,
    duration_text,
    metric_text,
    moment_text,
    size_text,
    value_text,
)
from stride.config.differences import flatten
from stride.store.provenance.record import CodeState, MachineState
from stride.store.record import AttemptRecord

_LONG_HASH = 12


def draw_portrait(portrait: Portrait, terminal: Terminal) -> Iterator[str]:
    """All lines of the page."""
    status = status_of(portrait.row)
    name = terminal.paint(harmless(portrait.row.run.address), "bold")
    yield f"{name}  {terminal.paint(status, STYLES[status])}"
    yield from draw_sections(_first_sections(portrait), terminal)
    yield from _draw_attempts(portrait.record.attempts, terminal)
    yield from draw_sections(_last_sections(portrait), terminal)


def _first_sections(portrait: Portrait) -> Iterator[Section]:
    yield Section("Run", [*_about(portrait)])
    for name, numbers in portrait.results.items():
        pairs = [(harmless(key), Cell(metric_text(value))) for key, value in numbers.items()]
        yield Section(f"Results ({harmless(name)}.json)", pairs)
    settings = flatten(settings_of(portrait.config) or {})
    chosen = frozenset(portrait.record.chosen)
    pairs = [(harmless(key), Cell(value_text(value))) for key, value in settings.items()]
    yield Section("Config (* chosen, the rest defaults)", pairs, marked=chosen)
    found = portrait.record.resolved
    yield Section("Found", [(harmless(k), Cell(value_text(v))) for k, v in found.items()])


def _about(portrait: Portrait) -> Iterator[tuple[str, Cell]]:
    record, row = portrait.record, portrait.row
    if row.verdict is not None and row.verdict.reason:
        yield "reason", Cell(harmless(row.verdict.reason), STYLES[status_of(row)])
    if record.error is not None:
        yield "error", Cell(harmless(f"{record.error.type}: {record.error.message}"), "red")
        if record.error.where:
            yield "raised at", Cell(harmless(record.error.where))
    yield "id", Cell(harmless(record.id))
    yield "created", Cell(f"{moment_text(record.created)} by stride {harmless(record.stride)}")
    if row.labels is not None and row.labels.tags:
        yield "tags", Cell(harmless(" ".join(row.labels.tags)), "yellow")
    if row.labels is not None and row.labels.note:
        yield "note", Cell(harmless(row.labels.note))
    if record.parent is not None:
        yield (
            record.parent.relation,
            Cell(harmless(f"{record.parent.work_dir}/{record.parent.run}")),
        )
    if record.progress is not None:
        step = f", step {record.progress.step}" if record.progress.step is not None else ""
        yield "progress", Cell(progress_text(row) + step)
    for best in record.best:
        place = f"{best.mode}, epoch {best.epoch}, step {best.step}"
        value = f"{metric_text(best.value)} ({place})"
        yield f"best {harmless(best.monitor)}", Cell(value, "green")
    if record.last:
        numbers = (f"{harmless(k)}={metric_text(v)}" for k, v in record.last.items())
        yield "last", Cell("  ".join(numbers))
    if record.overrides:
        yield "overrides", Cell(harmless("  ".join(record.overrides)))
    for code in record.code:
        yield "code", Cell(harmless(f"{code.reference} ({code.path or 'built-in'})"))


def _draw_attempts(attempts: tuple[AttemptRecord, ...], terminal: Terminal) -> Iterator[str]:
    if not attempts:
        return
    columns = [Column("attempt", right=True), *map(Column, _ATTEMPT_HEADINGS)]
    rows = [[Cell(harmless(text)) for text in _attempt_texts(each)] for each in attempts]
    yield ""
    yield terminal.paint("Attempts", "bold")
    yield from ("  " + line for line in draw_table(columns, rows, terminal))


_ATTEMPT_HEADINGS = ("started", "took", "steps", "device", "host", "pid", "outcome", "overrides")


def _attempt_texts(attempt: AttemptRecord) -> Iterator[str]:
    yield str(attempt.number)
    yield moment_text(attempt.started)
    yield took(attempt)
    yield f"{attempt.first_step}-{NOTHING if attempt.last_step is None else attempt.last_step}"
    yield attempt.device or NOTHING
    yield attempt.host
    yield str(attempt.pid)
    yield attempt.outcome or NOTHING
    yield " ".join(attempt.overrides)


def took(attempt: AttemptRecord) -> str:
    """How long an attempt took, `-` while it has not ended."""
    if attempt.ended is None:
        return NOTHING
    try:
        start, end = (datetime.fromisoformat(m) for m in (attempt.started, attempt.ended))
        return duration_text((end - start).total_seconds())
    except (ValueError, TypeError):
        return NOTHING


def _last_sections(portrait: Portrait) -> Iterator[Section]:
    provenance = portrait.provenance
    yield Section("Code", [*_code(provenance.code)] if provenance.code else [])
    machine = [*_machine(provenance.machine)] if provenance.machine else []
    if provenance.packages is not None:
        count = f"{len(provenance.packages)}, listed in provenance/packages.txt"
        machine.append(("packages", Cell(count)))
    yield Section("Machine", machine)
    yield Section("Notes", [("-", Cell(harmless(n), "yellow")) for n in provenance.notes])
    yield Section(
        "Files", [(harmless(path), Cell(size_text(size))) for path, size in portrait.files]
    )


def _code(code: CodeState) -> Iterator[tuple[str, Cell]]:
    if code.repository is None:
        yield "repository", Cell("none")
        return
    yield "repository", Cell(harmless(code.repository))
    yield "commit", Cell(_commit_text(code))
    if code.remote is not None:
        yield "remote", Cell(harmless(code.remote.url))
    if code.dirty:
        yield "uncommitted", Cell(f"{_files(code.changed)}, in provenance/code.diff", "yellow")
    if code.files:
        yield "untracked", Cell(f"{_files(len(code.files))}, kept in provenance/untracked")
    if code.left_out_count:
        yield "left out", Cell(f"{_files(code.left_out_count)}, listed in provenance/code.json")


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _commit_text(code: CodeState) -> str:
    if code.commit is None:
        return "none yet"
    words = [harmless(code.commit[:_LONG_HASH])]
    words.append(f"on {harmless(code.branch)}" if code.branch else "on no branch")
    if code.pushed is False:
        words.append("not pushed")
    return ", ".join([" ".join(words[:2]), *words[2:]])


def _machine(machine: MachineState) -> Iterator[tuple[str, Cell]]:
    yield "host", Cell(harmless(f"{machine.host}, {machine.system}"))
    cpu = f"{machine.cpu or 'unknown'}, {machine.usable_cpus or machine.cpus} CPUs"
    memory = f", {size_text(machine.memory)}" if machine.memory else ""
    yield "processor", Cell(harmless(cpu + memory))
    for gpu in machine.gpus:
        yield "graphics", Cell(harmless(f"{gpu.name}, driver {gpu.driver}"))
    yield "software", Cell(harmless(_software(machine)))
    yield "command", Cell(harmless(" ".join(machine.argv)))
    yield "folder", Cell(harmless(machine.folder))


def _software(machine: MachineState) -> str:
    named: dict[str, Any] = {
        "Python": machine.python,
        "torch": machine.torch,
        "stride": machine.stride,
    }
    return ", ".join(f"{name} {version}" for name, version in named.items() if version)
