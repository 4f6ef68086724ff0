"""Rendezvous: how ranks find each other, before anything is read or built, and how they part."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from torch._C._distributed_c10d import PrefixStore, Store, TCPStore

from stride.errors import ConfigError, RankFailedError, StoppedError
from stride.training.ranks.cause import cause_of
from stride.training.ranks.environment import RankPlace
from stride.training.ranks.failure import described
from stride.training.ranks.launcher_line import find_line
from stride.training.ranks.switchboard import open_lines
from stride.training.ranks.watch import Watch

PATIENCE = 1800.0
MEETING_SECONDS = 300.0
_STOPPED_TOGETHER = 10.0  # seconds in which all must stop where one was asked to
_LINE_KEY = "stride/lines"


class Rendezvous:
    """Ranks that have met: each hears of what ends another, whatever it does meanwhile.

    Attributes:
        place: which of them this process is.
        store: where they leave addresses for each other.
        watch: knows of failures elsewhere.
        patience: seconds that a rank may be waited for.
        afterwards: called when they have parted, with whether all is well.
    """

    def __init__(self, place: RankPlace, store: Store, watch: Watch, patience: float) -> None:
        self.place = place
        self.store = store
        self.watch = watch
        self.patience = patience
        self.afterwards: Callable[[bool], None] | None = None
        self._parted = False

    def gather(self, value: Any) -> list[Any]:
        """What each rank says, in the order of ranks, on every rank; values as in `Ranks.gather`.

        Raises:
            RankFailedError: another rank failed.
        """
        return self.watch.gather(value)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Something that the ranks do until they part; inside of another such block, whoever ends
        it first parts them.

        An error that leaves the block is said to all other ranks. Without an error, and where all
        were asked to stop, they meet before they part.

        Raises:
            RankFailedError: another rank failed first.
        """
        try:
            yield
            if not self._parted:
                self._finish()
        except BaseException as error:
            if self._parted or isinstance(error, RankFailedError):
                raise
            cause = self._told(error)
            if cause is error:
                raise
            raise cause from error
        finally:
            if not self._parted:
                self._part()

    def _finish(self) -> None:
        """Meet all others at the end of what went well."""
        if not self.watch.finish(None):
            failure = self.watch.failure
            assert failure is not None  # there is nothing else that ends the wait
            raise failure.error()

    def _told(self, error: BaseException) -> BaseException:
        """Say to the others what ended this rank; gives what ended all."""
        if isinstance(error, StoppedError | KeyboardInterrupt):
            if not self.watch.finish(_STOPPED_TOGETHER):
                self.watch.publish(described(error))  # nobody hears it if another failed before
            return cause_of(error, self.place.rank, self.watch)
        cause = cause_of(error, self.place.rank, self.watch)
        if cause is error:
            self.watch.publish(described(error))
        return cause

    def _part(self) -> None:
        self._parted = True
        well = self.watch.failure is None
        self.watch.close()
        if self.afterwards is not None:
            self.afterwards(well)


@contextlib.contextmanager
def meet(
    place: RankPlace, *, patience: float = PATIENCE, meeting_seconds: float = MEETING_SECONDS
) -> Iterator[Rendezvous]:
    """Be one of several ranks, which need nothing for it but their places.

    An error that leaves the block is said to all other ranks, which end within 10 seconds: their
    meetings raise a `RankFailedError`, and who does not leave the block then is ended. Without an
    error, and where all were asked to stop, the ranks meet before they part.

    Args:
        place: where the launcher put this process, one of several.
        patience: seconds that the others wait in a meeting for a rank before it counts as failed.
        meeting_seconds: how long to wait for all to start.

    Raises:
        ConfigError: rank 0 cannot listen at its port.
        RankFailedError: the ranks did not find each other, or another one failed first.
    """
    store = _store(place, meeting_seconds)
    lines = open_lines(
        place,
        say=lambda text: store.set(_LINE_KEY, text),
        hear=lambda: _heard(store, place),
        seconds=meeting_seconds,
    )
    watch = Watch(place.rank, lines, patience=patience, launcher=find_line())
    met = Rendezvous(place, store, watch, patience)
    with met.together():
        yield met


def _heard(store: Store, place: RankPlace) -> str:
    """What rank 0 says of where it listens."""
    try:
        text: str = store.get(_LINE_KEY).decode()
    except RuntimeError as error:
        why = str(error).partition("\n")[0]
        raise RankFailedError(
            f"rank 0 at {place.address}:{place.port} was gone before all had met: {why}"
        ) from error
    return text


def _store(place: RankPlace, seconds: float) -> Store:
    """The place where ranks leave addresses for each other; rank 0 has it unless the launcher."""
    at = f"{place.address}:{place.port}"
    keeps = place.rank == 0 and not place.meeting_is_kept
    try:
        store = TCPStore(
            place.address,
            place.port,
            place.world_size,
            is_master=keeps,
            timeout=timedelta(seconds=seconds),
            wait_for_workers=not place.meeting_is_kept,
        )
    except RuntimeError as error:
        why = str(error).partition("\n")[0]
        if keeps and "listen" in why.lower():
            raise ConfigError(
                f"rank 0 cannot listen at {at}, choose another port: {why}"
            ) from error
        raise RankFailedError(
            f"the {place.world_size} ranks did not meet at {at} within {seconds:.0f} seconds: {why}"
        ) from error
    return PrefixStore(f"start-{place.start}", store)
