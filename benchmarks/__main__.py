"""The command: `python -m benchmarks [--quick] [--only NAME ...] [--without-peers]`."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import machine, table
from benchmarks.contestant import ROOT
from benchmarks.peers import Peers
from benchmarks.setting import Setting

COMPARISONS = (
    "startup",
    "creation",
    "listing",
    "scalars",
    "steps",
    "networks",
    "ranks",
    "pauses",
    "checkpoints",
    "gpu",
)
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"


def main() -> None:
    """Measure and print; a thorough run also writes results/ and docs/benchmarks.md."""
    options = _options()
    peers = Peers()
    if options.without_peers:
        peers.leave()
    else:
        peers.build()
    for name in options.only or COMPARISONS:
        print(name, file=sys.stderr)
        result = _measure(name, options, peers)
        print(result["section"])
        if not options.quick:
            RESULTS.mkdir(exist_ok=True)
            (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    if not options.quick:
        _write_page()


def _measure(name: str, options: argparse.Namespace, peers: Peers) -> dict[str, Any]:
    """One comparison: its section of the page and every sample behind it."""
    comparison = importlib.import_module(f"benchmarks.comparisons.{name}")
    options.scratch.mkdir(parents=True, exist_ok=True)
    where = machine.describe(options.scratch) | {"load before": machine.load()}
    with tempfile.TemporaryDirectory(dir=options.scratch, prefix=f"{name}-") as scratch:
        setting = Setting(quick=options.quick, scratch=Path(scratch), peers=peers)
        groups = list(comparison.groups(setting))
    where["load after"] = machine.load()
    rows = [row for group in groups for row in group.rows]
    return {
        "section": table.render(comparison.TITLE, comparison.REMARKS, rows, where),
        "machine": where,
        "groups": [asdict(group) for group in groups],
    }


def _write_page() -> None:
    """Every comparison's newest section, so that one can be measured again alone."""
    sections = {}
    for name in COMPARISONS:
        result = RESULTS / f"{name}.json"
        if result.is_file():
            sections[name] = json.loads(result.read_text())["section"]
    table.place(PAGE, sections)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="few repeats of little work; nothing is written"
    )
    parser.add_argument(
        "--only", action="append", choices=COMPARISONS, help="measure this one; repeatable"
    )
    parser.add_argument(
        "--without-peers", action="store_true", help="install nothing; only what needs no peer"
    )
    parser.add_argument(
        "--scratch",
        type=Path,
        default=ROOT / "build" / "benchmarks",
        help="where runs are made and removed; on the disk that is to be measured",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
