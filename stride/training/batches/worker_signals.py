"""The signals of a worker process: what asks the training to stop is not for its workers."""

from __future__ import annotations

import signal
import types
from typing import Any, Final

from torch.utils.data import get_worker_info

_FOR_THE_TRAINING: Final = (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)


def begin_worker(worker: int) -> None:
    """Prepare a worker process; called in it, before it loads anything.

    A terminal and a scheduler signal all processes at once. The training ends at a step edge and
    then lets its workers go; had they gone before, it could not get there. The first SIGTERM is
    passed over, too: the second comes from the training itself, for a worker that hangs.
    """
    for number in _FOR_THE_TRAINING:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _pass_over_once)
    info: Any = get_worker_info()
    # The user's code asks for its own data set there, not for what it is wrapped in.
    object.__setattr__(info, "dataset", info.dataset.dataset)  # it refuses to be changed, else


def _pass_over_once(number: int, frame: types.FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
