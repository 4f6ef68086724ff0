"""Balancing on two ranks: the weights are those of one, to rounding."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from stride.store.work_dir import WorkDir

_ROOT = Path(__file__).parents[3]
_BY_STRATEGY = {
    "replicate": ("fixed", "uncertainty", "gradnorm", "dynamic_average", "pcgrad"),
    "shard": ("fixed", "uncertainty", "dynamic_average"),
}


def _start(folder: Path, strategy: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "tests.training.balancing.on_ranks", str(folder), strategy]
    return subprocess.Popen(
        [*words, *_BY_STRATEGY[strategy]],
        cwd=_ROOT,
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def _end(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors


@pytest.mark.parametrize("strategy", _BY_STRATEGY)
def test_the_weights_of_two_ranks_are_those_of_one_to_rounding(
    strategy: str, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    _end(_start(tmp_path / "one", strategy, {}))
    here = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    both = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", **here}
    ranks = [
        _start(tmp_path / "two", strategy, {"RANK": r, "LOCAL_RANK": r, **both}) for r in ("0", "1")
    ]
    for rank in ranks:
        _end(rank)
    for method in _BY_STRATEGY[strategy]:
        one, two = (WorkDir(tmp_path / name).run(method).steps.read() for name in ("one", "two"))
        assert len(one) == 7
        assert {"weight_small", "weight_large"} <= one[0].keys()
        for row, other in zip(one, two, strict=True):
            assert other == pytest.approx(row, rel=1e-4), method
