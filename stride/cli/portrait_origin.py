"""Where a run comes from and what it has, on its page: code, machine, notes, files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stride.cli.table import Cell
from stride.cli.text import harmless
from stride.cli.value import digest_text, size_text
from stride.store.provenance.record import CodeState, MachineState, Provenance

_MOST_FILES = 8
"""Files of one folder that are listed; more are counted."""

Pairs = Iterator[tuple[str, Cell]]


def code_pairs(provenance: Provenance) -> Pairs:
    """The repository and its state."""
    code = provenance.code
    if code is None:
        return
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
    words = [digest_text(harmless(code.commit))]
    words.append(f"on {harmless(code.branch)}" if code.branch else "on no branch")
    if code.pushed is False:
        words.append("not pushed")
    return ", ".join([" ".join(words[:2]), *words[2:]])


def machine_pairs(provenance: Provenance) -> Pairs:
    """The machine, what runs on it, and how the attempt was started."""
    machine = provenance.machine
    if machine is not None:
        yield "host", Cell(harmless(f"{machine.host}, {machine.system}"))
        yield "processor", Cell(harmless(_processor(machine)))
        for gpu in machine.gpus:
            yield "graphics", Cell(harmless(f"{gpu.name}, driver {gpu.driver}"))
        yield "software", Cell(harmless(_software(machine)))
        yield "command", Cell(harmless(" ".join(machine.argv)))
        yield "started in", Cell(harmless(machine.folder))
    if provenance.packages is not None:
        count = f"{len(provenance.packages)}, listed in provenance/packages.txt"
        yield "packages", Cell(count)


def _processor(machine: MachineState) -> str:
    cpus = machine.usable_cpus or machine.cpus
    count = "" if cpus is None else f", {cpus} CPU" + ("" if cpus == 1 else "s")
    memory = f", {size_text(machine.memory)}" if machine.memory else ""
    return f"{machine.cpu or 'unknown'}{count}{memory}"


def _software(machine: MachineState) -> str:
    named = {"torch": machine.torch, "stride": machine.stride}
    found = [f"{name} {version}" for name, version in named.items() if version]
    return ", ".join([machine.python, *found])


def notes(provenance: Provenance) -> list[str]:
    """What cannot be read, and what went wrong while provenance was taken."""
    code, machine = provenance.code, provenance.machine
    found = (
        *provenance.notes,
        *(code.notes if code else ()),
        *(machine.notes if machine else ()),
    )
    return [harmless(note) for note in dict.fromkeys(found)]


def file_pairs(files: Sequence[tuple[str, int]], every: bool) -> Pairs:
    """Every file and its size; of a folder with many, unless `every`, how many and how much."""
    folders: dict[str, list[tuple[str, int]]] = {}
    for path, size in files:
        folders.setdefault("/".join(path.split("/")[:-1][:2]), []).append((path, size))
    for folder, inside in folders.items():
        if every or not folder or len(inside) <= _MOST_FILES:
            yield from ((harmless(path), Cell(size_text(size))) for path, size in inside)
        else:
            total = size_text(sum(size for _, size in inside))
            yield f"{harmless(folder)}/", Cell(f"{len(inside)} files, {total}")
