"""benchmarks.peers: an environment in which who cannot be installed is named, not raised."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.peers import Peers


def test_a_peer_that_cannot_be_installed_is_remembered_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    requirements = tmp_path / "peers.txt"
    requirements.write_text("# a comment\nsignac==2.4.1\n")
    for _ in range(2):  # the second time nothing is installed anew
        peers = Peers(tmp_path / "peers", requirements)
        peers.build()
        assert "signac==2.4.1" in str(peers.missing("signac"))
    assert peers.missing("other") is None
    assert peers.version("signac") == "2.4.1"


def test_peers_that_are_left_out_are_all_missing(tmp_path: Path) -> None:
    peers = Peers(tmp_path / "peers")
    peers.leave()
    assert peers.missing("mlflow") == "left out of this run"
    assert not (tmp_path / "peers").exists()
