"""Trainings by several ranks: asked for one by one, each a handful of processes that may die."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from tests.resilience.deaths import Death
from tests.resilience.trainings import ROOT, Ending


@dataclass(frozen=True)
class Deaths:
    """What happens to the ranks of one attempt.

    Attributes:
        of_ranks: the death of some of them.
        together: whether all die as soon as one was killed.
    """

    of_ranks: Mapping[int, Death]
    together: bool = False


@dataclass(frozen=True)
class Endings:
    """How the ranks ended.

    Attributes:
        ranks: each of them.
        left: those that had not ended a minute after the first; they were killed.
        values: what each answered.
    """

    ranks: tuple[Ending, ...]
    left: tuple[int, ...]
    values: tuple[Any, ...]

    @property
    def codes(self) -> list[int]:
        """The exit code of each."""
        return [rank.code for rank in self.ranks]

    @property
    def killed(self) -> bool:
        """Whether it was SIGKILL, for any of them."""
        return any(rank.killed for rank in self.ranks)

    @property
    def output(self) -> str:
        """All that they printed."""
        return "\n".join(
            f"--- rank {number}: {rank.code}\n{rank.output}"
            for number, rank in enumerate(self.ranks)
        )


class RankTrainings:
    """Has trainings done by ranks of a server that is started at the first; see `rank_server`."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[str] | None = None

    def __enter__(self) -> RankTrainings:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.communicate()

    def train(
        self,
        folder: Path,
        case: str,
        ranks: int,
        deaths: Deaths | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
        bucket_bytes: int | None = None,
        patience: float = 60.0,
        largest_file: int | Mapping[int, int] | None = None,
    ) -> Endings:
        """Train the run `x` of `folder/exp`, from where it is, until it is done or they die.

        Args:
            settings: the config, over that of the case.
            overrides: of this attempt alone.
            bucket_bytes: of the buckets in which gradients are summed; as they are unless given.
            patience: seconds that a rank is waited for.
            largest_file: bytes that a file may have, for all ranks or for some of them; writing
                more fails like a full disk.
        """
        if isinstance(largest_file, int):
            largest_file = dict.fromkeys(range(ranks), largest_file)
        arguments = {
            "case": case,
            "settings": settings or {},
            "overrides": overrides or {},
            "bucket_bytes": bucket_bytes,
            "patience": patience,
            "largest_files": {str(rank): size for rank, size in (largest_file or {}).items()},
        }
        return self.play(folder, "train", ranks, arguments, deaths)

    def play(
        self,
        folder: Path,
        scene: str,
        ranks: int,
        arguments: Mapping[str, Any],
        deaths: Deaths | None = None,
    ) -> Endings:
        """Have a scene of `rank_scenes` played by so many ranks."""
        deaths = deaths or Deaths({})
        request = {
            "folder": str(folder),
            "scene": scene,
            "ranks": ranks,
            "arguments": arguments,
            "deaths": {
                str(rank): msgspec.to_builtins(death) for rank, death in deaths.of_ranks.items()
            },
            "together": deaths.together,
        }
        server = self._started()
        assert server.stdin is not None and server.stdout is not None
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        line = server.stdout.readline()
        assert line, "the server of ranks ended; its error is above"
        answer = json.loads(line)
        values = tuple(each.pop("value", None) for each in answer["ranks"])
        endings = tuple(Ending(**each) for each in answer["ranks"])
        return Endings(endings, tuple(answer["left"]), values)

    def _started(self) -> subprocess.Popen[str]:
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "tests.resilience.rank_server"],
                cwd=ROOT,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._server
