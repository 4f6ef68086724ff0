"""Listing 10,000 runs, as a whole process: the newest, and all as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.command import Command, project_command
from benchmarks.contestant import Contestant
from benchmarks.group import Group
from benchmarks.setting import Setting
from benchmarks.stores import stride_store

TITLE = "Listing 10,000 runs"
REMARKS = (
    "Whole processes that write into a pipe, median; every store holds the same content."
    " signac's cache is written beforehand. `signac find` and `trackio list runs` print names only,"
    " `guild runs` adds status, time and label; the others print metrics as well."
)
_STORES = {
    "signac": "benchmarks.stores.signac_store",
    "guildai": "benchmarks.stores.guild_store",
    "mlflow": "benchmarks.stores.mlflow_store",
    "trackio": "benchmarks.stores.trackio_store",
}


class Field:
    """The stores, filled, and how each is asked.

    Args:
        count: runs in each store.
    """

    def __init__(self, setting: Setting, count: int) -> None:
        self._setting = setting
        self._folders = {name: setting.folder(f"listing-{name}") for name in _STORES}
        self._failures = {
            name: setting.prepare(name, module, str(self._folders[name]), str(count))
            for name, module in _STORES.items()
        }
        self._experiment = stride_store.populate(setting.folder("listing") / "exp", count)

    def stride(self, lines: int, *options: str) -> Callable[[], Contestant]:
        """`stride list`, with options."""
        command = project_command("stride")
        return partial(Command, command, "list", self._experiment, *options, least_lines=lines)

    def peer(
        self, name: str, lines: int, program: str, *arguments: str
    ) -> Callable[[], Contestant] | str:
        """A peer's own command."""
        folder = self._folders[name]
        return self._failures[name] or partial(
            Command,
            self._setting.peers.command(program),
            *arguments,
            least_lines=lines,
            environment={"GUILD_HOME": str(folder / "home"), "TRACKIO_DIR": str(folder)},
            folder=folder,
        )

    def mlflow(self, lines: int, limit: int) -> Callable[[], Contestant] | str:
        """MLflow has no command for it that is as fast as its interface."""
        database: Path = self._folders["mlflow"] / "mlflow.db"
        module = "benchmarks.contestants.mlflow_search"
        arguments = (self._setting.peers.python, "-m", module, database, str(limit))
        return self._failures["mlflow"] or partial(Command, *arguments, least_lines=lines)


def groups(setting: Setting) -> Iterator[Group]:
    """The newest 30, or the least that a peer prints; then all of them with their content."""
    count = setting.choose(10_000, 30)
    field = Field(setting, count)

    newest = Group("newest 30: `stride list`", setting.choose(7, 1))
    newest.measure(
        {
            "stride": field.stride(30),
            "signac": field.peer("signac", count, "signac", "find"),
            "guildai": field.peer("guildai", 30, "guild", "runs", "list", "--limit", "30"),
            "mlflow": field.mlflow(30, 30),
            "trackio": field.peer(
                "trackio", count, "trackio", "list", "runs", "--project", "benchmark"
            ),
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
            "stride": field.stride(1, "--limit", "0", "--json"),
            "signac": field.peer("signac", count, "signac", "find", "--show"),
            "guildai": field.peer("guildai", 0, "guild", "runs", "list", "--all", "--json"),
            "mlflow": field.mlflow(count, 0),
        }
    )
    whole.compare("signac", 0.65, "`signac find --show`, cached")
    whole.compare("guildai", 1.0, "`guild runs list --all --json`, without flags")
    whole.compare("mlflow", 1.0, "MLflow SQLite, `search_runs` of all")
    yield whole
