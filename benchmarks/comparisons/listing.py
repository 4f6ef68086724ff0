"""Listing 10,000 runs, as a whole process: the newest, and all as JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.command import Command, project_command
from benchmarks.contestant import Contestant, ContestantError
from benchmarks.group import Group
from benchmarks.setting import Setting
from benchmarks.stores import stride_store

TITLE = "Listing 10,000 runs"
REMARKS = (
    "Whole processes that write into a pipe, median; every store holds the same 10,000 configs and metrics. "
    "signac's cache is written beforehand. `signac find` and `trackio list runs` print names only, "
    "`guild runs` adds status, time and label; the others print metrics as well."
)
_PEERS = ("signac", "guildai", "mlflow", "trackio")


def groups(setting: Setting) -> Iterator[Group]:
    """The newest 30 (or what a peer prints without being asked for more), then all of them with their content."""
    count = setting.choose(10_000, 30)
    folders = {name: setting.folder(f"listing-{name}") for name in _PEERS}
    failures = {
        name: reason
        for name in _PEERS
        if (
            reason := setting.prepare(
                name,
                f"benchmarks.stores.{name.removesuffix('ai')}_store",
                str(folders[name]),
                str(count),
            )
        )
    }
    try:
        experiment = stride_store.populate(setting.folder("listing") / "exp", count)
    except ContestantError as error:
        failures["stride"] = str(error)
        experiment = Path()

    def stride(lines: int, *options: str) -> Callable[[], Contestant] | str:
        command = project_command("stride")
        return failures.get("stride") or (
            lambda: Command(command, "list", experiment, *options, least_lines=lines)
        )

    def peer(name: str, lines: int, *arguments: str | Path) -> Callable[[], Contestant] | str:
        home = {
            "GUILD_HOME": str(folders["guildai"] / "home"),
            "TRACKIO_DIR": str(folders["trackio"]),
        }
        return failures.get(name) or setting.peer_command(
            name, *arguments, least_lines=lines, environment=home, folder=folders[name]
        )

    def mlflow(limit: int, lines: int) -> Callable[[], Contestant] | str:
        database = folders["mlflow"] / "mlflow.db"
        arguments = ("-m", "benchmarks.contestants.mlflow_search", database, str(limit))
        search = lambda: Command(setting.peers.python, *arguments, least_lines=lines)  # noqa: E731
        return failures.get("mlflow") or search

    newest = Group("newest 30: `stride list`", setting.choose(7, 1))
    newest.measure(
        {
            "stride": stride(30),
            "signac": peer("signac", count, "signac", "find"),
            "guildai": peer("guildai", 20, "guild", "runs", "list", "--limit", "30"),
            "mlflow": mlflow(30, 30),
            "trackio": peer("trackio", count, "trackio", "list", "runs", "--project", "benchmark"),
        }
    )
    newest.compare("signac", 0.65, "`signac find`, cached: all ids")
    newest.compare("guildai", 1.0, "`guild runs list --limit 30`")
    newest.compare("mlflow", 1.0, "MLflow SQLite, `search_runs(max_results=30)`")
    newest.compare("trackio", 1.0, "`trackio list runs`: all names")
    yield newest

    whole = Group("all with content: `stride list --limit 0 --json`", setting.choose(3, 1))
    whole.measure(
        {
            "stride": stride(1, "--limit", "0", "--json"),
            "signac": peer("signac", count, "signac", "find", "--show"),
            "guildai": peer("guildai", 0, "guild", "runs", "list", "--all", "--json"),
            "mlflow": mlflow(0, count),
        }
    )
    whole.compare("signac", 0.65, "`signac find --show`, cached")
    whole.compare("guildai", 1.0, "`guild runs list --all --json`, without flags")
    whole.compare("mlflow", 1.0, "MLflow SQLite, `search_runs` of all")
    yield whole
