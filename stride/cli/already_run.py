"""Noticing that a config was trained already, before it is trained once more."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stride.cli import answer
from stride.cli.text import harmless
from stride.cli.value import metric_text, progress_text
from stride.config.differences import flatten
from stride.config.schema import Config
from stride.errors import RunBusyError, RunStateError, StrideError
from stride.store.record import CodeRecord
from stride.store.row import Row
from stride.store.run import Run
from stride.store.same_config import Asked, Candidate, SameConfig, choose, find_candidates
from stride.store.work_dir import WorkDir

if TYPE_CHECKING:
    from stride.training.data import Data
    from stride.training.ranks.ranks import Ranks

_OBJECT = "object:"
"""Begins the name of what was handed over in Python: it cannot be compared."""

_BEGUN = {
    "completed": "already run",
    "running": "already running",
    "stalled": "already running",
    "unknown": "already running, perhaps",
    "created": "already created",
}


@dataclass(frozen=True)
class Looking:
    """What is looked for, and where.

    Attributes:
        if_needed: a run that is the same is taken in place of training.
    """

    work_dir: WorkDir
    asked: Asked
    if_needed: bool = False


class Search:
    """Looks for runs of the same config beside what else is to be done: importing torch, reading
    data.

    Nothing that goes wrong with it is an error, and nothing waits for it, unless a run is to be
    taken in place of training.
    """

    def __init__(self, looking: Looking) -> None:
        self._looking = looking
        self._found: list[Candidate] = []
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._look, name="stride-already-run", daemon=True)
        self._thread.start()

    def _look(self) -> None:
        looking = self._looking
        try:
            self._found = find_candidates(
                looking.work_dir, looking.asked, thorough=looking.if_needed
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end a training
            self._error = error

    def any(self) -> bool:
        """Whether there is a run that may be the same, as far as is known by now.

        Raises:
            StrideError: the experiment cannot be read, and a run is to be taken from it.
        """
        if self._looking.if_needed:
            self._thread.join()
            if self._error is not None:
                raise self._error
        return not self._thread.is_alive() and bool(self._found)

    def found(
        self, fingerprints: Mapping[str, str], code: Iterable[CodeRecord]
    ) -> SameConfig | None:
        """The one of them that is most like what is about to be trained."""
        return choose(self._found, self._looking.asked, code, fingerprints)


def look_before(
    search: Search | None, looking: Looking | None, config: Config, ranks: Ranks
) -> tuple[Data | None, Run | None]:
    """Look before training, as soon as the data is known: say that a config was trained already, or
    take that run.

    Args:
        search: that of the first rank; the others are told.

    Returns:
        The data, where it had to be loaded; and the run that answers in place of a training.

    Raises:
        RunStateError: that run has not come to its end.
        StrideError: the data cannot be loaded.
    """
    # Deferred: these import torch.
    from stride.training.data import load_data
    from stride.training.determinism import deterministic
    from stride.training.device import choose_device, thread_count
    from stride.training.given import Given
    from stride.training.seeding import own_randomness
    from stride.training.things import code_of

    if not ranks.broadcast(search is not None and search.any()):
        return None, None
    device = choose_device(config.device, local_rank=ranks.local_rank)
    with (  # as `fit_run` loads it, to the last bit of what a data set computes
        thread_count(config.fit_kwargs.threads),
        deterministic(config.fit_kwargs.deterministic),
        own_randomness(config.seed),
    ):
        data = load_data(config, Given(), device, ranks)
    taken: Run | None = None
    refusal: str | None = None
    if search is not None and (found := search.found(data.fingerprints, code_of(config))):
        if found.is_same and looking is not None and looking.if_needed:
            try:
                taken = take(found)
                say(found)
            except StrideError as error:
                refusal = str(error)
        else:
            say(found)
    path, refusal = ranks.broadcast([None if taken is None else str(taken.path), refusal])
    if refusal is not None:
        raise RunStateError(refusal)
    return data, taken if taken is not None or path is None else Run(path)


def look_by_config(looking: Looking, code: Iterable[CodeRecord]) -> SameConfig | None:
    """Look without data, by config and code alone.

    Raises:
        StrideError: the experiment cannot be read, and a run is to be taken from it.
    """
    try:
        found = find_candidates(looking.work_dir, looking.asked, thorough=looking.if_needed)
        return choose(found, looking.asked, code, None)
    except Exception:
        if looking.if_needed:
            raise
        return None


def asked_of(
    config: Config,
    chosen: Iterable[str],
    origin: Iterable[tuple[str, str]] = (),
    but: str | None = None,
) -> Asked | None:
    """What is looked for; None where the config names what cannot be compared."""
    settings = {key: value for key, value in flatten(config.to_json()).items() if key != "format"}
    if any(isinstance(value, str) and value.startswith(_OBJECT) for value in settings.values()):
        return None
    return Asked(settings, frozenset(chosen), frozenset(origin), but)


def say(found: SameConfig) -> None:
    """Say on standard error that there is such a run."""
    answer.note(sentence(found))


def sentence(found: SameConfig) -> str:
    """`already run: exp/12 (completed, val_loss 0.081)`."""
    row = found.row
    if not found.is_same:
        others = [
            *(["code"] if not found.same_code else []),
            *(["data"] if found.same_data is False else []),
        ]
        return f"same config, other {' and '.join(others)}: {_shown(row)}"
    what = _BEGUN.get(row.status, "already begun")
    unknown = "; its data is not compared" if found.same_data is None else ""
    return f"{what}: {_shown(row)}{unknown}{_further(row)}"


def take(found: SameConfig) -> Run:
    """The run that answers in place of a training.

    Raises:
        RunBusyError: it is being trained.
        RunStateError: it did not come to its end; the sentence says how it does.
    """
    row = found.row
    if row.status == "completed":
        return row.run
    kind = RunBusyError if row.status in ("running", "stalled", "unknown") else RunStateError
    raise kind(f"{sentence(found)}; nothing was trained")


def _shown(row: Row) -> str:
    """The run with its status and best value, or how far it is."""
    record = row.record
    parts = [row.status] if row.status != "created" else []
    if record is not None and record.best:
        best = record.best[0]
        parts.append(f"{best.monitor} {metric_text(_number(best.value))}")
    if record is not None and row.status != "completed" and record.progress is not None:
        parts.append(progress_text(record.progress))
    shown = f" ({', '.join(map(harmless, parts))})" if parts else ""
    return f"{harmless(row.run.address)}{shown}"


def _number(value: float | str) -> float | str:
    return float(value) if isinstance(value, int | float) else value


def _further(row: Row) -> str:
    """What to do with a run that has not come to its end."""
    address = harmless(row.run.address)
    if row.status in ("stopped", "crashed", "failed"):
        return f"; stride resume {address} goes on"
    if row.status == "created":
        return f"; stride fit {address} trains it"
    return ""
